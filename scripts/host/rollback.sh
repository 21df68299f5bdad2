# shellcheck shell=bash
# rollback: a change that might lock the operator out lasts only if a new connection confirms it.
#
# A control that could lock the operator out arms a rollback before its first change, and leaves it
# armed. Only `driver confirm`, which arrives over a new connection, disarms it. Unless that happens
# a timer puts the old state back; so does the next boot, should the host or the timer die first.

readonly STATE_DIR=/var/lib/stronghold
readonly ARMED_DIR="$STATE_DIR/rollback"
readonly ROLLBACK_COMMAND=/usr/local/sbin/stronghold-rollback

armed() { [[ -d $ARMED_DIR/$CONTROL ]]; }

# arm_rollback SECONDS RESTORE FILE...: snapshots the files and sets the timer. RESTORE is a script
# beside this bundle's files; it makes the running service follow the files that were put back.
arm_rollback() {
  local seconds=$1 restore=$2 fresh="$ARMED_DIR/.$CONTROL" file old unit
  shift 2
  unit="stronghold-rollback-$CONTROL-$(date +%s%N)"
  install_rollback
  # The timer comes first: without a snapshot it does nothing, while a snapshot without a timer
  # would wait for the next boot to undo, perhaps, a change of another day.
  systemd-run --quiet --collect --unit="$unit" --on-active="$seconds" \
    --timer-property=AccuracySec=100ms "$ROLLBACK_COMMAND" "$CONTROL" "$unit"
  if armed; then
    # An earlier run died or was not confirmed. Its snapshot is the last state that was known to let
    # the operator in, so it stays; only the timer starts anew, and the old one's word counts no more.
    old=$(<"$ARMED_DIR/$CONTROL/timer")
    printf '%s\n' "$unit" >"$ARMED_DIR/$CONTROL/timer"
    systemctl stop "$old.timer" "$old.service" 2>/dev/null || true
    return 0
  fi
  rm -rf -- "$fresh"
  install -d -m 700 -- "$fresh" "$fresh/files"
  for file in "$@"; do
    if [[ -e $file || -L $file ]]; then
      cp -a --parents -- "$file" "$fresh/files"
      printf '%s\n' "$file" >>"$fresh/present"
    else
      printf '%s\n' "$file" >>"$fresh/absent"
    fi
  done
  printf '%s\n' "$unit" >"$fresh/timer"
  install -m 700 -- "$HOST_DIR/files/$restore" "$fresh/restore"
  if declare -F snapshot_running >/dev/null; then snapshot_running "$fresh"; fi
  sync -f -- "$fresh"
  mv -T -- "$fresh" "$ARMED_DIR/$CONTROL"
}

install_rollback() {
  local unit=/etc/systemd/system/stronghold-rollback.service
  install -d -m 700 -- "$STATE_DIR" "$ARMED_DIR"
  put_file "$ROLLBACK_COMMAND" 700 root:root bash -n <<<"$(render "rollback$ROLLBACK_COMMAND")"
  put_file "$unit" 644 root:root <<<"$(render "rollback$unit")"
  [[ $(systemctl show -P NeedDaemonReload "${unit##*/}") == no ]] || systemctl daemon-reload
  if ! systemctl --quiet is-enabled stronghold-rollback.service 2>/dev/null; then
    systemctl --quiet enable stronghold-rollback.service 2>/dev/null
  fi
}

disarm_rollback() {
  local timer
  timer=$(<"$ARMED_DIR/$CONTROL/timer")
  # One rename takes the decision; what follows only tidies up.
  rm -rf -- "$ARMED_DIR/.$CONTROL"
  mv -T -- "$ARMED_DIR/$CONTROL" "$ARMED_DIR/.$CONTROL"
  rm -rf -- "$ARMED_DIR/.$CONTROL"
  systemctl stop "$timer.timer" 2>/dev/null || true
}
