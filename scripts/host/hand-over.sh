#!/usr/bin/env bash
# hand-over: the first contact with a new server; swaps the keys of its first boot for the lasting ones
#
# Threat:  first-boot data stays readable through the provider's metadata service, so the keys in it
#          are worth nothing once this has run.
# Changes: /etc/ssh/ssh_host_ed25519_key, no other host key; the deployer's authorized_keys.
#
# Self-contained: its text is the argument of `sudo bash -c`, before any bundle is there. Parameters
# are KEY=value lines on stdin: HOST_KEY_B64 (private key, OpenSSH), DEPLOYER, and
# BOOTSTRAP_CLIENT_KEY, the public key to take out of the deployer's authorized_keys.
# Exit: 0 done, 64 wrong usage, 70 crash. Running it again changes nothing.

set -Eeuo pipefail
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
readonly CLOUD_INIT_SECONDS=600
readonly HOST_KEY=/etc/ssh/ssh_host_ed25519_key

passed=0 changes=0
host_key='' deployer='' bootstrap_key=''

trap 'die 70 "crashed at line $LINENO: ${BASH_COMMAND%%[[:space:]]*} ended with $?"' ERR

die() {
  trap - ERR
  printf 'hand-over: %s\n' "$2" >&2
  exit "$1"
}

pass() {
  printf 'PASS\t%s\t%s\n' "$1" "$2"
  passed=$((passed + 1))
}

changed() {
  printf 'CHANGED\thand-over\t%s\n' "$1"
  logger --tag stronghold --priority auth.notice -- "hand-over: $1"
  changes=$((changes + 1))
}

main() {
  ((EUID == 0)) || die 64 "run as root"
  read_parameters
  wait_for_first_boot
  install_host_key
  drop_bootstrap_key
  printf 'SUMMARY\thand-over\tpass=%d fail=0 changed=%d\n' "$passed" "$changes"
}

read_parameters() {
  local line value
  while IFS= read -r line || [[ -n $line ]]; do
    value=${line#*=}
    case ${line%%=*} in
      HOST_KEY_B64) host_key=$(base64 --decode <<<"$value" 2>/dev/null) || die 64 "HOST_KEY_B64 is not base64" ;;
      DEPLOYER) deployer=$value ;;
      BOOTSTRAP_CLIENT_KEY) bootstrap_key=$value ;;
      '') ;;
      *) die 64 "unknown parameter; there are: HOST_KEY_B64 DEPLOYER BOOTSTRAP_CLIENT_KEY" ;;
    esac
  done
  [[ $deployer =~ ^[a-z][a-z0-9-]{0,30}$ ]] || die 64 "DEPLOYER is not an account name"
  [[ $bootstrap_key =~ ^ssh-ed25519\ [A-Za-z0-9+/=]+(\ .*)?$ ]] ||
    die 64 "BOOTSTRAP_CLIENT_KEY is not an Ed25519 public key line"
  [[ $host_key == *"BEGIN OPENSSH PRIVATE KEY"* ]] ||
    die 64 "HOST_KEY_B64 is not a private key in OpenSSH's format"
}

# Until cloud-init is done it may still write keys, users and sshd's configuration. It ends with 2
# where it only has warnings to tell.
wait_for_first_boot() {
  local code=0 said
  if command -v cloud-init >/dev/null; then
    said=$(timeout "$CLOUD_INIT_SECONDS" cloud-init status --wait 2>&1) || code=$?
    ((code == 0 || code == 2)) ||
      die 70 "the first boot failed: ${said//[[:cntrl:]]/ }; see /var/log/cloud-init.log on the server"
  fi
  pass HANDOVER-01 "G05 the first boot is complete"
}

install_host_key() {
  local fresh public=''
  fresh=$(mktemp "$HOST_KEY.XXXXXX")
  printf '%s\n' "$host_key" >"$fresh"
  # The empty passphrase keeps ssh-keygen from asking for one.
  public=$(ssh-keygen -y -P '' -f "$fresh" 2>/dev/null) || true
  if [[ $public != ssh-ed25519\ * ]]; then
    rm -f -- "$fresh"
    die 64 "HOST_KEY_B64 is not an unencrypted Ed25519 key"
  fi
  if ! cmp -s -- "$fresh" "$HOST_KEY"; then
    mv -T -- "$fresh" "$HOST_KEY"
    changed "installed the lasting host key"
  fi
  printf '%s\n' "$public" >"$HOST_KEY.pub"
  chmod 644 -- "$HOST_KEY.pub"
  find /etc/ssh -maxdepth 1 -name 'ssh_host_*_key*' ! -name "${HOST_KEY##*/}" \
    ! -name "${HOST_KEY##*/}.pub" -delete
  # The session that this runs in survives: sshd only opens its listener anew.
  install -d -m 755 /run/sshd
  sshd -t
  systemctl try-reload-or-restart ssh.service
  pass HANDOVER-02 "G05 the server shows its lasting host key and no other"
}

# The last act: from here on only the operator's own keys open the door.
drop_bootstrap_key() {
  local home file blob kept fresh
  home=$(getent passwd "$deployer" | cut -d : -f 6)
  file=$home/.ssh/authorized_keys
  blob=$(cut -d ' ' -f 2 <<<"$bootstrap_key")
  kept=$(grep -vF -- "$blob" "$file" || true)
  ssh-keygen -l -f - <<<"$kept" >/dev/null 2>&1 ||
    die 70 "$deployer would be left without a key; add the operator's key to $file, then run again"
  if [[ $(<"$file") != "$kept" ]]; then
    fresh=$(mktemp "$file.XXXXXX")
    printf '%s\n' "$kept" >"$fresh"
    chown --reference="$file" -- "$fresh"
    chmod 600 -- "$fresh"
    mv -T -- "$fresh" "$file"
    changed "took the first boot's key out of $file"
  fi
  pass HANDOVER-03 "G05 the first boot's key opens nothing any more"
}

main "$@"
