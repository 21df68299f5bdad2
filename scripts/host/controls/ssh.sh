#!/usr/bin/env bash
# ssh: a key and then a second factor, no root, modern algorithms; automation by key from the operator
#
# Threat:  guessed or leaked passwords, a stolen key, downgraded crypto, a server used as a relay into
#          the network, another host that answers in the next server's place.
# Source:  guide, SSH; a deprecated keyword of an old sshd_config is a fault, since sshd ignores it.
# Changes: sshd_config.d/00-stronghold.conf, stronghold-everyone.conf, the Include line of sshd_config;
#          files that sshd would read earlier are set aside. The client's ssh_config.d/00-stronghold.conf
#          and the next server's host key. Armed: `driver confirm ssh` makes it last.
# needs:   openssh-server openssh-client
# checks:  SSH-01 G05, SSH-02 G05 G07, SSH-03 G05, SSH-04 G05, SSH-05 G05, SSH-06 G05, SSH-07 G05, SSH-08 G06, SSH-09 P04 G07, SSH-10 P04, SSH-11 G05, SSH-12 G05, SSH-13 G05 G06, SSH-14 G15
# shellcheck shell=bash

readonly MAIN=/etc/ssh/sshd_config DROP_IN=/etc/ssh/sshd_config.d/00-stronghold.conf
readonly EVERYONE=/etc/ssh/stronghold-everyone.conf HOST_KEY=/etc/ssh/ssh_host_ed25519_key
readonly STAGE=/run/stronghold-ssh
readonly INCLUDE='Include /etc/ssh/sshd_config.d/*.conf'

takes DEPLOYER "$SHAPE_ACCOUNT"
takes DEPLOYER_FROM "$SHAPE_CIDRS"
takes KNOWN_HOSTS_B64 "$SHAPE_BASE64" ''
takes RECEIVER_FROM "^(${SHAPE_CIDRS:1:-1})?\$" ''
takes PERMIT_OPEN '^([0-9]{1,3}(\.[0-9]{1,3}){3}:[0-9]{1,5})?$' ''
takes ROLLBACK_SECONDS "$SHAPE_SECONDS" 120

# shellcheck source-path=SCRIPTDIR/two-factor source=two-factor/stack.sh
source "$HOST_DIR/controls/two-factor/stack.sh"
# shellcheck source=ssh/wanted.sh
source "$HOST_DIR/controls/ssh/wanted.sh"
# shellcheck source=ssh/receiver.sh
source "$HOST_DIR/controls/ssh/receiver.sh"
# shellcheck source=ssh/checks.sh
source "$HOST_DIR/controls/ssh/checks.sh"
# shellcheck source=ssh/running.sh
source "$HOST_DIR/controls/ssh/running.sh"
# shellcheck source=ssh/client.sh
source "$HOST_DIR/controls/ssh/client.sh"

audit() {
  load_views
  check SSH-01 "G05 sshd's configuration is valid, without a warning, and ours is read first" is_valid
  check SSH-02 "G05 G07 a key and then the second factor are the only way in" two_factors_are_asked
  check SSH-03 "G05 root cannot log in" caller_has root@anywhere "permitrootlogin no"
  check SSH-04 "G05 only the group ssh-users may log in" everyone_has "allowgroups ssh-users"
  check SSH-05 "G05 modern algorithms only" everyone_has "${ALGORITHMS[@]}"
  check SSH-06 "G05 the server shows its Ed25519 host key and no other" host_key_is_ours
  check SSH-07 "G05 guesses, idle sessions and floods are limited" everyone_has "${LIMITS[@]}"
  check SSH-08 "G06 forwarding reaches ${PARAM[PERMIT_OPEN]:-nothing}" forwarding_is_bounded
  check SSH-09 "P04 G07 the one exception from two factors: ${PARAM[DEPLOYER]}, by key, from ${PARAM[DEPLOYER_FROM]}, without terminal or agent" deployer_gets_in
  check SSH-10 "P04 the deployer is refused from everywhere else" deployer_is_pinned
  check SSH-11 "G05 keys come from authorized_keys alone" everyone_has "${KEY_SOURCES[@]}"
  check SSH-12 "G05 the running sshd has read these files, and starts at boot" sshd_is_current
  check SSH-13 "G05 G06 the next server is known by its host key, and no other is let stand in" client_is_strict
  if [[ -z ${PARAM[RECEIVER_FROM]} ]]; then return 0; fi
  check SSH-14 "G15 $RECEIVER: by key, from ${PARAM[RECEIVER_FROM]}, to push and nothing else; nobody else from there, and it from nowhere else" receiver_is_bounded
}

apply() {
  local plan unread=no
  # sshd refuses even to check its files without the folder that its unit makes at start.
  install -d -m 755 /run/sshd
  [[ " $(id -nG -- "${PARAM[DEPLOYER]}" 2>/dev/null) " == *" ssh-users "* ]] ||
    refuse SSH-04 "${PARAM[DEPLOYER]} is not in ssh-users and would be locked out; apply the control accounts"
  refuse_one_factor
  refuse_open_receiver
  refuse_bad_hosts
  plan=$(stage_configuration)
  refuse_invalid
  write_client
  files_are_read >/dev/null || unread=yes
  if [[ -z $plan && $unread == no ]] && ! armed; then return 0; fi
  arm_rollback "${PARAM[ROLLBACK_SECONDS]}" ssh/restore "$MAIN" "$EVERYONE" "$DROP_IN" "${DROP_IN%/*}"/*.conf
  write_configuration /etc/ssh
  # Also where ssh.socket starts sshd: a daemon that does not run yet will read the new files.
  quietly systemctl try-reload-or-restart ssh.service
  [[ $unread == no ]] || changed "made sshd read files that it had not read"
}

# refuse_one_factor: sshd would ask PAM for whatever its rules are, a Unix password say, or for nothing.
refuse_one_factor() {
  local reason
  reason=$(asks_second_factor) || refuse SSH-02 "$reason"
  [[ ! -d $ARMED_DIR/two-factor ]] || refuse SSH-02 "two-factor waits to be confirmed over a new connection"
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
  local dir=$1 file
  put_file "$dir/${EVERYONE##*/}" 644 root:root <<<"$(everyone_text)"
  put_file "$dir/sshd_config.d/${DROP_IN##*/}" 644 root:root <<<"$(drop_in_text)"
  include_first "$dir/sshd_config" "$INCLUDE"
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
    PERMIT_OPEN="${PARAM[PERMIT_OPEN]:-none}" PAM_SERVICE="$(pam_service_text)"
}

drop_in_text() {
  render "ssh$DROP_IN" DEPLOYER="${PARAM[DEPLOYER]}" DEPLOYER_FROM="${PARAM[DEPLOYER_FROM]}" \
    NOT_DEPLOYER_FROM="!${PARAM[DEPLOYER_FROM]//,/,!}" RECEIVER="$(receiver_text)" \
    EXCHANGES="$(exchanges_served)" PENALTIES="$(penalties_text)"
}

# penalties_text: none where sshd has no penalties, as before OpenSSH 9.8.
penalties_text() {
  knows PerSourcePenaltyExemptList "${PARAM[DEPLOYER_FROM]}" || return 0
  printf '\n'
  render ssh/penalties.conf DEPLOYER_FROM="${PARAM[DEPLOYER_FROM]}"
}

# include_first FILE LINE: ssh and sshd take the first value that they read. Who may read it is another's affair.
include_first() {
  local text
  if starts_with_include "$@"; then return 0; fi
  text=$(<"$1")
  put_file "$1" "$(stat -c %a -- "$1")" root:root <<<"$2"$'\n'"$text"
}

starts_with_include() {
  [[ $(grep -m 1 -vE '^[[:space:]]*(#|$)' -- "$1") == "$2" ]]
}
