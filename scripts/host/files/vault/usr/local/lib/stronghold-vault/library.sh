# shellcheck shell=bash disable=SC2034 # used by the programs
# library: what the vault's programs share: places, shapes, and how full the vault is.
#
# files/ is root's, and so is every file in it: the account that takes files in can neither remove nor
# replace one. incoming/ is root's too; of each connection it holds one body and one header, which are
# all that the account stronghold-vault can write to on this server.
set -euo pipefail
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C

readonly VAULT=/srv/stronghold-vault CONFIG=/etc/stronghold/vault
readonly FILES=$VAULT/files INCOMING=$VAULT/incoming LOCK=$VAULT/lock REFUSED=$VAULT/refused
readonly OWNER=stronghold-vault
readonly SHAPE_NAME='^(full-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}|log-[0-9a-f]{8}-[0-9]{6,10})\.(age|manifest)$'
readonly SHAPE_HEADER='^PUT ([A-Za-z0-9.-]{1,64}) ([1-9][0-9]{0,12}) ([0-9a-f]{64})$'
readonly SHAPE_INSTANCE='^[0-9]+(-[0-9]+)+$'
readonly MANIFEST_BYTES_MAX=1000000 MB=1000000
# What a file costs beside its bytes: ext4 has one inode for 16 KiB, and so a flood of tiny files meets
# the quota before it has used up the inodes.
readonly FILE_COST=16384
# What is never filled: the server needs it for its logs and its updates.
readonly DISK_RESERVE=536870912
# How receive tells keep that it has refused a file: for the quota, or for anything else.
readonly QUOTA_EXIT=75 REFUSED_EXIT=76

# log LEVEL TEXT: one line for the journal, of plain ASCII. 4 is a warning, 5 a notice.
log() { printf '<%s>%s\n' "$1" "${2//[^[:print:]]/?}" >&2; }

setting() {
  local value
  value=$(sed -n "s/^$1=//p" "$CONFIG")
  [[ $value =~ ^[1-9][0-9]{0,8}$ ]] || { log 3 "$CONFIG has no $1" && exit 70; }
  printf '%s' "$value"
}

quota_bytes() { printf '%s' "$(($(setting quota-mb) * MB))"; }

used_bytes() {
  find "$FILES" -maxdepth 1 -type f -printf '%s\n' |
    awk -v cost="$FILE_COST" '{ sum += $1 + cost } END { printf "%.0f", sum }'
}

free_bytes() { df --output=avail --block-size=1 -- "$VAULT" | tail -n 1 | tr -d ' '; }

# read_header FILE: sets name, bytes and sum; fails if it is no good header.
read_header() {
  local line=''
  IFS= read -r -n 200 line <"$1" || [[ -n $line ]] || return 1
  [[ $line =~ $SHAPE_HEADER ]] || return 1
  name=${BASH_REMATCH[1]} bytes=${BASH_REMATCH[2]} sum=${BASH_REMATCH[3]}
  [[ $name =~ $SHAPE_NAME ]] || return 1
  [[ $name != *.manifest ]] || ((bytes <= MANIFEST_BYTES_MAX))
}

# hold_lock: until the program ends.
hold_lock() {
  exec 9<"$LOCK"
  flock --wait 60 9
}
