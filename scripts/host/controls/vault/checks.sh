# shellcheck shell=bash
# vault/checks: each prints why it fails.

# shellcheck source=wanted.sh
source "$HOST_DIR/controls/vault/wanted.sh"

readonly SHAPE_KEPT='(full-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}|log-[0-9a-f]{8}-[0-9]{6,10})\.(age|manifest)'
readonly FOREIGN=240.0.0.1

# sshd_forces_push: at the addresses that its own keys name, which the control accounts looks after.
sshd_forces_push() {
  local keys address view ok=0
  getent passwd "$RECEIVER" >/dev/null || no "there is no account $RECEIVER" || return
  [[ " $(id -nG -- "$RECEIVER") " != *" $VAULT_OWNER "* ]] || no "$RECEIVER is in the group $VAULT_OWNER" || return
  keys=$(getent passwd "$RECEIVER" | cut -d : -f 6)/.ssh/authorized_keys
  install -d -m 755 /run/sshd
  for address in $(sed -n 's/^restrict,from="\([^"]*\)".*/\1/p' -- "$keys" | tr ',' '\n' | cut -d / -f 1); do
    view=$(sshd_view "$address") || no "sshd cannot read its configuration" || return
    has_line "$view" "forcecommand /usr/local/sbin/stronghold-push" || no "at $address no command is forced" || ok=1
    has_line "$view" "disableforwarding yes" || no "at $address it may forward" || ok=1
    has_line "$view" "permittty no" || no "at $address it gets a terminal" || ok=1
    has_line "$view" "authenticationmethods publickey" || no "at $address its key is not enough, or not asked for" || ok=1
  done
  [[ -n ${address-} ]] || no "none of its keys is bound to an address" || return
  has_line "$(sshd_view "$FOREIGN")" "denyusers $RECEIVER" || no "it may log in from everywhere" || return
  return "$ok"
}

sshd_view() { sshd -T -C "user=$RECEIVER,host=$1,addr=$1,laddr=127.0.0.1,lport=22" 2>/dev/null; }
has_line() { [[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]]; }

files_are_exact() {
  local found
  are_exact "${PATHS[@]}" || return
  found=$(surplus | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found" || return
  are_whole "${UNITS[@]}"
}

socket_is_on() {
  local members
  are_read "${UNITS[@]}" || return
  socket_is_right || return
  members=$(getent group "$RECEIVER" | cut -d : -f 4)
  [[ -z $members ]] || no "in the group $RECEIVER: $members; apply the control accounts"
}

# By the socket itself: systemd's word is not what a process meets.
socket_is_right() {
  local path=/run/stronghold-vault/socket
  is_running "$SOCKET" || return
  [[ -S $path && $(stat -c '%a %U:%G' -- "$path") == "660 root:$RECEIVER" ]] || no "$path is not for $RECEIVER alone" || return
  [[ $(stat -c '%a %U:%G' -- "${path%/*}") == "755 root:root" ]] || no "${path%/*} is not root's"
}

folders_are_closed() {
  are_folders < <(wanted_folders) || return
  is_file "$VAULT/lock" 644 root:root '' || no "$VAULT/lock differs"
}

kept_is_ours() {
  local found
  found=$(find "$VAULT/files" -mindepth 1 -regextype posix-extended \
    \( ! -regex "$VAULT/files/$SHAPE_KEPT" -o ! -type f -o ! -user root -o ! -group root -o ! -perm 400 -o ! -links 1 \) \
    -printf '%f ' 2>&1 | head -c 300)
  [[ -z $found ]] || no "$found"
}

quota_holds() {
  local used free quota=$((PARAM[QUOTA_MB] * 1000000))
  used=$(find "$VAULT/files" -type f -printf '%s\n' | awk '{ sum += $1 + 16384 } END { printf "%.0f", sum }')
  free=$(df --output=avail --block-size=1 -- "$VAULT" | tail -n 1 | tr -d ' ')
  ((used < quota)) || no "$((used / 1000000)) of ${PARAM[QUOTA_MB]} MB are used, new backups are refused" || return
  ((used + free > quota)) || no "the disk has room for $(((used + free) / 1000000)) of ${PARAM[QUOTA_MB]} MB"
}

timers_run() {
  local timer
  ask_units ActiveState,WantedBy,NextElapseUSecMonotonic,SubState "${TIMERS[@]}"
  for timer in "${TIMERS[@]}"; do
    is_due "$timer" || return
    # While its service runs, it may not know yet when it is due next.
    [[ ${UNIT_SAYS["$timer NextElapseUSecMonotonic"]-} =~ ^[0-9] || ${UNIT_SAYS["$timer SubState"]-} == running ]] ||
      no "$timer waits for nothing" || return
    runs_well "${timer/%.timer/.service}" || return
  done
}

# runs_well SERVICE: its last run, if there was one since the server started.
runs_well() {
  ! systemctl --quiet is-failed "$1" || no "$1 has failed"
}

# The very program that raises the alarm, so that both say the same.
backups_arrive() {
  bash "$LIBRARY/check" late 2>&1
}
