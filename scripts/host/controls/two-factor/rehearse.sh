#!/usr/bin/env bash
# rehearse: logs in under the PAM rules on stdin, as a made-up person, in a view of its own.
#
#   unshare --mount bash rehearse.sh FACTORS TURN TURN_SOURCE <rules
#
# `su` is on every Debian and asks PAM as sshd does. Only this view has the rules, the made-up person's
# file and no log: nobody is alarmed, and no real person's code is used up. FACTORS and TURN are the
# paths that the rules name, TURN_SOURCE is the script that stands in for TURN.
set -uo pipefail
umask 077

readonly VIEW=/mnt PERSON=nobody
readonly RIGHT=$((10000000 + SRANDOM % 90000000))

main() {
  make_view "$@" || fail "no view of its own could be made"
  # The state file decides: someone without one is let in by nothing.
  lets_in "$RIGHT" && fail "it lets in whoever has no second factor"
  enrol || fail "nobody can be enrolled"
  lets_in "$((RIGHT ^ 1))" && fail "it takes a wrong code"
  lets_in "$RIGHT" || fail "it refuses a right code"
  lets_in "$RIGHT" && fail "it takes a code twice"
  return 0
}

make_view() {
  local rules log
  rules=$(cat)
  mount -t tmpfs -o mode=700 tmpfs "$VIEW" && mkdir "$VIEW/factors" || return
  install -m 755 -- "$3" "$VIEW/turn" || return
  rules=${rules//"$1"/"$VIEW/factors"}
  rules=${rules//"$2"/"$VIEW/turn"}
  printf '%s\nsession required pam_permit.so\n' "$rules" >"$VIEW/rules"
  printf 'FAIL_DELAY 0\n' >"$VIEW/login.defs"
  mount --bind "$VIEW/rules" /etc/pam.d/su && mount --bind "$VIEW/login.defs" /etc/login.defs || return
  # Where the module finds no log it writes to the console.
  for log in /run/systemd/journal/dev-log /dev/console; do
    if [[ -e $log ]]; then mount --bind /dev/null "$log" || return; fi
  done
}

enrol() {
  printf '%s\n' "$(head -c 20 /dev/urandom | base32)" '" RATE_LIMIT 3 30' '" WINDOW_SIZE 3' \
    '" DISALLOW_REUSE' '" TOTP_AUTH' "$RIGHT" >"$VIEW/factors/$PERSON"
}

lets_in() { su --shell /bin/true "$PERSON" <<<"$1" >/dev/null 2>&1; }

fail() {
  printf '%s\n' "$1"
  exit 1
}

main "$@"
