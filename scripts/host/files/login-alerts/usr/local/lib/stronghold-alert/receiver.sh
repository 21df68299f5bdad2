# shellcheck shell=bash
# receiver: which logins are the database server's, that brings its backups every few minutes.
#
# One is expected if its key is in root's list of that account's keys, in a line that binds it to the
# address it came from and to the one program. Whatever else gets into that account is told.

readonly RECEIVER_KEYS=/var/lib/stronghold-push/.ssh/authorized_keys
readonly BOUND_KEY='^restrict,from="([0-9a-f.:/,]+)",command="/usr/local/sbin/stronghold-push" ([a-z0-9@.-]+ [A-Za-z0-9+/=]+)( |$)'

# is_expected_push ACCOUNT ADDRESS METHOD KEY: KEY is as sshd logs it, kind and fingerprint.
is_expected_push() {
  local account=$1 address=$2 method=$3 key=$4 line ranges fingerprint
  [[ -n $account && $account == "$(setting receiver)" && $method == publickey ]] || return 1
  [[ ! -L $RECEIVER_KEYS && $(stat -c %U -- "$RECEIVER_KEYS" 2>/dev/null) == root ]] || return 1
  while IFS= read -r line; do
    [[ $line =~ $BOUND_KEY ]] || continue
    ranges=${BASH_REMATCH[1]}
    fingerprint=$(ssh-keygen -l -f - <<<"${BASH_REMATCH[2]}" 2>/dev/null | cut -d ' ' -f 2)
    [[ -n $fingerprint && $key == *" $fingerprint" ]] || continue
    if is_within "$address" "$ranges"; then return 0; fi
  done <"$RECEIVER_KEYS"
  return 1
}

# is_within ADDRESS RANGES: of IPv6, only single addresses; a login from a wider range is told.
is_within() {
  local range
  for range in ${2//,/ }; do
    case $range in
      "$1/32" | "$1/128") return 0 ;;
      *:*) ;;
      *) if [[ $1 != *:* ]] && is_within_ipv4 "$1" "${range%/*}" "${range#*/}"; then return 0; fi ;;
    esac
  done
  return 1
}

is_within_ipv4() {
  local address network bits=$3
  [[ $bits =~ ^[0-9]{1,2}$ ]] || return 1
  address=$(ipv4_number "$1") && network=$(ipv4_number "$2") || return 1
  ((10#$bits > 0 && 10#$bits <= 32 && (address ^ network) >> (32 - 10#$bits) == 0))
}

ipv4_number() {
  [[ $1 =~ ^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$ ]] || return 1
  printf '%s' "$(((10#${BASH_REMATCH[1]} << 24) + (10#${BASH_REMATCH[2]} << 16) + (10#${BASH_REMATCH[3]} << 8) + 10#${BASH_REMATCH[4]}))"
}
