# shellcheck shell=bash
# ssh/running: whether the sshd that runs is the one that the files describe.

# files_are_read: sshd took on its present state after the last change of any file that it reads.
files_are_read() {
  local read_at file changed_at
  systemctl --quiet is-active ssh.service || return 0
  # To the microsecond: within a second a file may well change after it was read.
  read_at=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp ssh.service)
  read_at=$(date -d "$read_at" +%s.%6N)
  for file in "$MAIN" "$EVERYONE" "$HOST_KEY" "${DROP_IN%/*}" "${DROP_IN%/*}"/*.conf; do
    changed_at=$(stat -c %.6Z -- "$file" 2>/dev/null) || changed_at=9999999999.000000
    # As texts: both have ten digits before the point and six behind it.
    [[ ! $changed_at > $read_at ]] || no "$file changed after sshd had read it" || return
  done
}

sshd_is_current() {
  local unit pid
  files_are_read || return
  for unit in ssh.service ssh.socket none; do
    if systemctl --quiet is-enabled "$unit" && systemctl --quiet is-active "$unit"; then break; fi
  done 2>/dev/null
  [[ $unit != none ]] || no "neither ssh.service nor ssh.socket is enabled and active" || return
  # An option on the command line beats every file.
  pid=$(systemctl show -P MainPID ssh.service)
  [[ $pid == 0 || $(tr '\0' ' ' <"/proc/$pid/cmdline") =~ ^sshd:\ /usr/sbin/sshd\ -D\ \[listener\] ]] ||
    no "sshd was started with options that override its files; see /etc/default/ssh"
}
