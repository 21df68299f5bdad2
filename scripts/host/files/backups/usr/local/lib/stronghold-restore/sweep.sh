# shellcheck shell=bash
# sweep: nothing of a run that was killed stays, neither on the disk nor in the live engine.

sweep() {
  systemctl --quiet stop "$ENGINE_UNIT.service" 2>/dev/null || true
  rm -rf -- "$ENGINE_STATE" "$ENGINE_RUN"
  # What StateDirectory= leaves for a user that exists no more.
  rm -f -- /var/lib/stronghold-restore
  install -d -m 700 -- /var/lib/stronghold "$STATE"
  undo_unfinished
}

# undo_unfinished: a schema that has not been compared to its end goes again; one that was there before,
# and empty, is so again.
undo_unfinished() {
  local schema before
  [[ -s $STATE/unfinished ]] || return 0
  { IFS= read -r schema && IFS= read -r before; } <"$STATE/unfinished"
  [[ $schema =~ $SHAPE_SCHEMA && $before =~ ^[A-Za-z0-9_\ ]*$ ]] || refuse "$STATE/unfinished is damaged"
  CLIENT=$(basename -- "$(command -v mariadb mysql | head -n 1)")
  # What was written down last may not have been lent yet.
  take_back --force 2>/dev/null || true
  live -e "DROP DATABASE IF EXISTS \`$schema\`; ${before:+CREATE DATABASE \`$schema\`$before;}" 2>/dev/null ||
    refuse "an earlier restore left half a copy in the schema $schema, and the database does not answer; start it, then run again"
  rm -f -- "$STATE/unfinished"
}
