# shellcheck shell=bash
# ssh/running: whether the sshd that runs is the one that the files describe.

# ask_sshd: to the microsecond, as within a second a file may well change after it was read.
ask_sshd() {
  ask_units --timestamp=us+utc ActiveState,StateChangeTimestamp,MainPID,Listen ssh.service ssh.socket
}

# files_are_read: sshd took on its present state after the last change of any file that it reads.
files_are_read() {
  local read_at file changed_at
  ask_sshd
  [[ ${UNIT_SAYS["ssh.service ActiveState"]-} == active ]] || return 0
  read_at=${UNIT_SAYS["ssh.service StateChangeTimestamp"]}
  # Not %6N, which the date of Ubuntu 26.04's first images (uutils 0.8) writes with nine digits.
  read_at=$(date -d "$read_at" +%s.%N)
  read_at=${read_at:0:17}
  while read -r changed_at file; do
    # As texts: both have ten digits before the point and six behind it.
    [[ ! $changed_at > $read_at ]] || no "$file changed after sshd had read it" || return
  done < <(stat -c '%.6Z %n' -- "$MAIN" "$EVERYONE" "$HOST_KEY" "${DROP_IN%/*}" "${DROP_IN%/*}"/*.conf 2>/dev/null ||
    printf '9999999999.000000 a file that should be there\n')
}

# listens_where_told: where systemd listens for sshd, as on Ubuntu, no file of sshd's decides the port: a
# generator turns them into a drop-in of the socket, at a boot or when systemd reads its units again, and
# any other drop-in may add to it.
listens_where_told() {
  local where
  [[ ${UNIT_SAYS["ssh.socket ActiveState"]-} == active ]] || return 0
  while read -r where _; do
    [[ $where == *:22 ]] || no "ssh.socket listens on $where" || return
  done <<<"${UNIT_SAYS["ssh.socket Listen"]-}"
}

sshd_is_current() {
  local unit pid
  files_are_read || return
  listens_where_told || return
  for unit in ssh.service ssh.socket none; do
    if [[ ${UNIT_SAYS["$unit ActiveState"]-} == active ]] && systemctl --quiet is-enabled "$unit" 2>/dev/null; then break; fi
  done
  [[ $unit != none ]] || no "neither ssh.service nor ssh.socket is enabled and active" || return
  # An option on the command line beats every file.
  pid=${UNIT_SAYS["ssh.service MainPID"]-0}
  [[ $pid == 0 || $(tr '\0' ' ' <"/proc/$pid/cmdline") =~ ^sshd:\ /usr/sbin/sshd\ -D\ \[listener\] ]] ||
    no "sshd was started with options that override its files; see /etc/default/ssh"
}
