#!/usr/bin/env bash
# supervise: keeps one host's container running until it is powered off.
#
# A host outlives the daemon that booted it, so its reboots cannot be the daemon's business: nspawn
# ends with 133 when the host reboots itself, and whoever started it must start it again.
#
#   supervise.sh <machine folder> <name of namespace and control group> -- <nspawn command...>
#
# It keeps two files in the machine folder, for a daemon that comes later:
#   supervisor  "<own pid> <own start time>"
#   state       "booting <nspawn pid> <boot number>" or "off <exit code>"
set -uo pipefail
umask 077

readonly FOLDER=$1 NAME=$2
shift 3
readonly REBOOT=133

write() {
  printf '%s\n' "$2" >"$FOLDER/$1.new" && mv "$FOLDER/$1.new" "$FOLDER/$1"
}

# A field of /proc/<pid>/stat (proc(5)), counted from behind the command name, which may hold blanks.
stat_field() {
  local stat fields
  stat=$(<"/proc/$1/stat")
  read -r -a fields <<<"${stat##*) }"
  printf '%s' "${fields[$2 - 3]}"
}
readonly PARENT=4 START_TIME=22

# Hosts that share a control group mistake each other's processes for their own: nspawn puts the
# host's systemd into the group `payload` below its own group, whoever else is there. So each host
# gets a group of its own, in every hierarchy that systemd may use.
join_group() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    [[ -e $hierarchy/cgroup.procs ]] || continue
    mkdir -p "$hierarchy/$NAME" && echo "$BASHPID" >"$hierarchy/$NAME/cgroup.procs"
  done
}

# A killed nspawn leaves the host's init alive (and with it the address): nothing may survive it.
end_host() {
  local pid
  for pid in $(ip netns pids "$NAME" 2>/dev/null); do
    kill -KILL "$pid" 2>/dev/null
  done
}

nspawn=
stopping=
power_off() {
  stopping=yes
  [[ -z $nspawn ]] || kill -TERM "$nspawn" 2>/dev/null
}
trap power_off TERM

write supervisor "$$ $(stat_field $$ "$START_TIME")"
boot=0
code=0
while [[ -z $stopping ]]; do
  boot=$((boot + 1))
  # Without its supervisor nobody would notice what becomes of the host: then it powers off too.
  (
    join_group 2>/dev/null
    # Whoever kills the supervisor looks at the group next: after that nobody may start in it.
    self=$BASHPID
    [[ $(stat_field "$self" "$PARENT") == "$$" ]] || exit 1
    exec setpriv --pdeathsig TERM "$@"
  ) </dev/null >>"$FOLDER/console.log" 2>&1 &
  nspawn=$!
  write state "booting $nspawn $boot"
  # A signal ends `wait` early, with the child still there.
  while kill -0 "$nspawn" 2>/dev/null; do
    wait "$nspawn"
    code=$?
  done
  nspawn=
  end_host
  ((code == REBOOT)) || break
done
write state "off $code"
