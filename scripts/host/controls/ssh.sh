#!/usr/bin/env bash
# ssh: public keys only, no root, modern algorithms; automation only from the operator's addresses
#
# Threat:  guessed or leaked passwords, downgraded crypto, a server used as a relay into the network.
# Source:  guide, SSH; a deprecated keyword of an old sshd_config is a fault, since sshd ignores it.
# Changes: sshd_config.d/00-stronghold.conf, stronghold-everyone.conf, the Include line of sshd_config;
#          files that sshd would read earlier are set aside. Armed: `driver confirm ssh` makes it last.
# needs:   openssh-server
# checks:  SSH-01 G05, SSH-02 G05, SSH-03 G05, SSH-04 G05, SSH-05 G05, SSH-06 G05, SSH-07 G05, SSH-08 G06, SSH-09 P04, SSH-10 P04, SSH-11 G05, SSH-12 G05
# shellcheck shell=bash

readonly MAIN=/etc/ssh/sshd_config DROP_IN=/etc/ssh/sshd_config.d/00-stronghold.conf
readonly EVERYONE=/etc/ssh/stronghold-everyone.conf HOST_KEY=/etc/ssh/ssh_host_ed25519_key
readonly STAGE=/run/stronghold-ssh
readonly INCLUDE='Include /etc/ssh/sshd_config.d/*.conf'

# What `sshd -T` shall say, by the check that asks for it.
readonly KEYS_ONLY=(
  "authenticationmethods publickey" "pubkeyauthentication yes" "passwordauthentication no"
  "kbdinteractiveauthentication no" "permitemptypasswords no" "hostbasedauthentication no"
  "kerberosauthentication no" "gssapiauthentication no"
)
readonly ALGORITHMS=(
  "kexalgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,curve25519-sha256"
  "ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr"
  "macs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com"
  "pubkeyacceptedalgorithms ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256"
  "hostkeyalgorithms ssh-ed25519" "requiredrsasize 3072" "gssapikeyexchange no"
)
readonly LIMITS=(
  "port 22" "maxauthtries 3" "logingracetime 30" "maxstartups 20:30:100" "maxsessions 10"
  "clientaliveinterval 60" "clientalivecountmax 5" "permituserenvironment no" "usedns no" "strictmodes yes"
  "usepam yes" "compression no" "loglevel VERBOSE"
)
readonly KEY_SOURCES=(
  "authorizedkeysfile .ssh/authorized_keys" "authorizedkeyscommand none" "trustedusercakeys none"
)

takes DEPLOYER "$SHAPE_ACCOUNT"
takes DEPLOYER_FROM "$SHAPE_CIDRS"
takes PERMIT_OPEN '^([0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5})?$' ''
takes ROLLBACK_SECONDS "$SHAPE_SECONDS" 120

# shellcheck source=ssh/checks.sh
source "$HOST_DIR/controls/ssh/checks.sh"

audit() {
  load_views
  check SSH-01 "G05 sshd's configuration is valid, without a warning, and ours is read first" is_valid
  check SSH-02 "G05 keys are the only way in" everyone_has "${KEYS_ONLY[@]}"
  check SSH-03 "G05 root cannot log in" caller_has root@anywhere "permitrootlogin no"
  check SSH-04 "G05 only the group ssh-users may log in" everyone_has "allowgroups ssh-users"
  check SSH-05 "G05 modern algorithms only" everyone_has "${ALGORITHMS[@]}"
  check SSH-06 "G05 the server shows its Ed25519 host key and no other" host_key_is_ours
  check SSH-07 "G05 guesses, idle sessions and floods are limited" everyone_has "${LIMITS[@]}"
  check SSH-08 "G06 forwarding reaches ${PARAM[PERMIT_OPEN]:-nothing}" forwarding_is_bounded
  check SSH-09 "P04 the deployer gets in from the operator's addresses, without terminal or agent" deployer_gets_in
  check SSH-10 "P04 the deployer is refused from everywhere else" deployer_is_pinned
  check SSH-11 "G05 keys come from authorized_keys alone" everyone_has "${KEY_SOURCES[@]}"
  check SSH-12 "G05 the running sshd has read these files, and starts at boot" sshd_is_current
}

apply() {
  local plan unread=no
  # sshd refuses even to check its files without the folder that its unit makes at start.
  install -d -m 755 /run/sshd
  [[ " $(id -nG -- "${PARAM[DEPLOYER]}" 2>/dev/null) " == *" ssh-users "* ]] ||
    refuse SSH-04 "${PARAM[DEPLOYER]} is not in ssh-users and would be locked out; apply the control accounts"
  plan=$(stage_configuration)
  files_are_read >/dev/null || unread=yes
  if [[ -z $plan && $unread == no ]] && ! armed; then return 0; fi
  refuse_invalid
  arm_rollback "${PARAM[ROLLBACK_SECONDS]}" ssh/restore "$MAIN" "$EVERYONE" "$DROP_IN" "${DROP_IN%/*}"/*.conf
  write_configuration /etc/ssh
  # Also where ssh.socket starts sshd: a daemon that does not run yet will read the new files.
  quietly systemctl try-reload-or-restart ssh.service
  [[ $unread == no ]] || changed "made sshd read files that it had not read"
}

# stage_configuration: tries the change on a copy of /etc/ssh; prints a word for each file it takes.
stage_configuration() {
  rm -rf -- "$STAGE"
  cp -a -- /etc/ssh "$STAGE"
  changed() { printf 'change '; }
  write_configuration "$STAGE"
}

# refuse_invalid: sshd itself reads the staged files, under their real names, in a private view.
refuse_invalid() {
  local reason
  # shellcheck disable=SC2016 # expanded by the inner shell
  reason=$(unshare --mount bash -c 'mount --bind "$1" /etc/ssh && sshd -t' _ "$STAGE" 2>&1) ||
    refuse SSH-01 "sshd does not accept the new configuration: ${reason//[[:cntrl:]]/ }"
  rm -rf -- "$STAGE"
}

# write_configuration DIR: the wanted files below DIR, which is /etc/ssh or the copy of it.
write_configuration() {
  local dir=$1 file main
  put_file "$dir/${EVERYONE##*/}" 644 root:root <<<"$(everyone_text)"
  put_file "$dir/sshd_config.d/${DROP_IN##*/}" 644 root:root <<<"$(drop_in_text)"
  if ! starts_with_include "$dir/sshd_config"; then
    main=$(<"$dir/sshd_config")
    put_file "$dir/sshd_config" 644 root:root <<<"$INCLUDE"$'\n'"$main"
  fi
  for file in "$dir"/sshd_config.d/*.conf; do
    if [[ $file < "$dir/sshd_config.d/${DROP_IN##*/}" ]]; then
      mv -T -- "$file" "$file.set-aside"
      changed "set $file aside, which sshd read before ours"
    fi
  done
}

everyone_text() {
  local tcp=local agent=yes
  # The last server of the chain has nothing behind it.
  [[ -n ${PARAM[PERMIT_OPEN]} ]] || tcp=no agent=no
  render "ssh$EVERYONE" TCP_FORWARDING="$tcp" AGENT_FORWARDING="$agent" \
    PERMIT_OPEN="${PARAM[PERMIT_OPEN]:-none}"
}

drop_in_text() {
  render "ssh$DROP_IN" DEPLOYER="${PARAM[DEPLOYER]}" DEPLOYER_FROM="${PARAM[DEPLOYER_FROM]}" \
    NOT_DEPLOYER_FROM="!${PARAM[DEPLOYER_FROM]//,/,!}"
}

starts_with_include() {
  [[ $(grep -m 1 -vE '^[[:space:]]*(#|$)' -- "$1") == "$INCLUDE" ]]
}
