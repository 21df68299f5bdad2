# shellcheck shell=bash
# audit/running: what runs and listens, for world.sh.

readonly ROLLBACKS=/var/lib/stronghold/rollback

# ports: of a socket that systemd holds, it is systemd that listens, whoever is at work there for the moment.
ports() {
  ss -Hltunp | awk '{
    number = address = $5
    sub(/.*:/, "", number)
    sub(/:[^:]*$/, "", address)
    program = $7
    if (program ~ /"systemd",pid=1,/) program = "systemd"
    gsub(/^users:\(\("|".*$/, "", program)
    printf "port\t%s %s %s\t%s\n", $1, address, number, program == "" ? "?" : program
  }'
}

# units: those that start at boot and are on, and those of the moment. Not by `show`, for which systemd writes down
# hundreds of properties of each of them. What undoes a change that nobody confirmed is ours, and soon gone.
units() {
  systemctl list-units --plain --no-legend --type=service,timer,socket,path --state=active,activating,reloading |
    cut -d ' ' -f 1 | sort >"$WORK/active"
  unit_names /etc/systemd/system/*.{wants,requires,upholds}/* | comm -12 - "$WORK/active" | sed 's/.*/unit\t&\tactive/'
  unit_names /run/systemd/transient/*.{service,timer,socket,path} | comm -12 - "$WORK/active" |
    grep -vxF -e "$(cat -- "$ROLLBACKS"/*/timer 2>/dev/null | sed 's/$/.timer/')" | sed 's/.*/unit\t&\ttransient/' || true
}

unit_names() { printf '%s\n' "${@##*/}" | sort -u; }

programs() {
  find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/exe' -printf '%l\n' 2>/dev/null |
    sed -n 's/ (deleted)$//; /./p' | sort -u >"$WORK/exes" || true
  # Of a merged /usr, packages may still name the old place.
  sed 'p; s,^/usr,,' -- "$WORK/exes" | grep -hxF -f /dev/stdin "$DPKG"/*.list |
    sed -E 's,^/(bin|sbin|lib),/usr/\1,' | sort -u >"$WORK/owned" || true
  comm -23 -- "$WORK/exes" "$WORK/owned" | sed 's/.*/program\t&\truns/'
  lingering
}

# lingering: what goes on in a session whose sshd, or whatever let it in, is gone.
lingering() {
  local scope comms
  for scope in /sys/fs/cgroup{,/systemd,/unified}/user.slice/user-*.slice/session-*.scope; do
    comms=$(comms_in "$scope/cgroup.procs")
    if [[ -z $comms || $comms =~ (^|$'\n')(sshd|login|su|cron) ]]; then continue; fi
    printf 'program\t%s\toutlived its session\n' "${comms//$'\n'/, }"
  done
}

# comms_in FILE: names of the processes of a control group, each once.
comms_in() {
  local pid
  [[ -r $1 ]] || return 0
  while read -r pid; do
    cat -- "/proc/$pid/comm" 2>/dev/null || true
  done <"$1" | sort -u
}
