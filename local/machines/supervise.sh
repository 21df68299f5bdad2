#!/usr/bin/env bash
# supervise: keeps one host's container running until it is powered off.
#
# A host outlives the daemon that booted it, so its reboots cannot be the daemon's business: nspawn
# ends with 133 when the host reboots itself, and whoever started it must start it again.
#
#   supervise.sh <machine folder> <namespace> -- <nspawn command...>
#
# It keeps <machine folder>/state: "booting <nspawn pid> <boot number>" or "off <exit code>".
set -uo pipefail

readonly FOLDER=$1 NAMESPACE=$2
shift 3
readonly REBOOT=133

say() {
  printf '%s\n' "$*" >"$FOLDER/state.new" && mv "$FOLDER/state.new" "$FOLDER/state"
}

# A killed nspawn leaves the host's init alive (and with it the address): nothing may survive it.
end_host() {
  local pid
  for pid in $(ip netns pids "$NAMESPACE" 2>/dev/null); do
    kill -KILL "$pid" 2>/dev/null
  done
}

nspawn=
trap '[[ -n $nspawn ]] && kill -TERM "$nspawn" 2>/dev/null' TERM

boot=0
while :; do
  boot=$((boot + 1))
  "$@" </dev/null >>"$FOLDER/console.log" 2>&1 &
  nspawn=$!
  say "booting $nspawn $boot"
  # A signal ends `wait` early, with the child still there.
  code=0
  while kill -0 "$nspawn" 2>/dev/null; do
    wait "$nspawn"
    code=$?
  done
  end_host
  ((code == REBOOT)) || break
done
say "off $code"
