# shellcheck shell=bash
# ssh/running: whether the sshd that runs is the one that the files describe.

# files_are_read: sshd took on its present state after the last change of any file that it reads.
files_are_read() {
  local read_at file changed_at
  systemctl --quiet is-active ssh.service || return 0
  # To the microsecond: within a second a file may well change after it was read.
  read_at=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp ssh.service)
  # Not %6N, which the date of Ubuntu 26.04's first images (uutils 0.8) writes with nine digits.
  read_at=$(date -d "$read_at" +%s.%N)
  read_at=${read_at:0:17}
  for file in "$MAIN" "$EVERYONE" "$HOST_KEY" "${DROP_IN%/*}" "${DROP_IN%/*}"/*.conf; do
    changed_at=$(stat -c %.6Z -- "$file" 2>/dev/null) || changed_at=9999999999.000000
    # As texts: both have ten digits before the point and six behind it.
    [[ ! $changed_at > $read_at ]] || no "$file changed after sshd had read it" || return
  done
}

# listens_where_told: where systemd listens for sshd, as on Ubuntu, no file of sshd's decides the port: a
# generator turns them into a drop-in of the socket, at a boot or when systemd reads its units again, and
# any other drop-in may add to it.
listens_where_told() {
  local where
  systemctl --quiet is-active ssh.socket || return 0
  while read -r where _; do
    [[ $where == *:22 ]] || no "ssh.socket listens on $where" || return
  done < <(systemctl show -P Listen ssh.socket)
}

sshd_is_current() {
  local unit pid
  files_are_read || return
  listens_where_told || return
  for unit in ssh.service ssh.socket none; do
    if systemctl --quiet is-enabled "$unit" && systemctl --quiet is-active "$unit"; then break; fi
  done 2>/dev/null
  [[ $unit != none ]] || no "neither ssh.service nor ssh.socket is enabled and active" || return
  # An option on the command line beats every file.
  pid=$(systemctl show -P MainPID ssh.service)
  [[ $pid == 0 || $(tr '\0' ' ' <"/proc/$pid/cmdline") =~ ^sshd:\ /usr/sbin/sshd\ -D\ \[listener\] ]] ||
    no "sshd was started with options that override its files; see /etc/default/ssh"
}
