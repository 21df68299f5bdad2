# shellcheck shell=bash
# history: who has deployed what, when, and how it ended: a line each for the file, one for the journal.

readonly HISTORY=$STATE/history HISTORY_LINES_MAX=500
# What is at work, for the end of it, whatever that is.
WORK_OF=()

now() { date -u +%FT%TZ; }

# begin ACTION BY RELEASE
begin() {
  WORK_OF=("$@")
  trap 'end failed' EXIT
}

# end RESULT
end() {
  trap - EXIT
  note "${WORK_OF[@]}" "$1"
}

# note ACTION BY RELEASE RESULT
note() {
  local line
  line=$(printf '%s\t' "$(now)" "$2" "$1" "$3")$4
  {
    tail -n "$((HISTORY_LINES_MAX - 1))" -- "$HISTORY" 2>/dev/null || true
    printf '%s\n' "$line"
  } >"$STATE/.history"
  sync -- "$STATE/.history"
  mv -T -- "$STATE/.history" "$HISTORY"
  logger --tag stronghold-application --priority auth.notice -- \
    "$1 of release $3 (sha256 $(sha_of "$3")) by $2, logged in as ${SUDO_USER:-root}: $4"
}

# deployed: releases by their last exchange that went well, the newest first, each once.
deployed() {
  tac -- "$HISTORY" 2>/dev/null | awk -F '\t' '$5 == "done" && !seen[$4]++ { print $4 }'
}

# release_before: the newest of those deployed before the one that serves.
release_before() {
  local id now=''
  now=$(current_id) || true
  while read -r id; do
    if [[ $id != "$now" ]] && is_whole "$id"; then
      printf '%s\n' "$id"
      return
    fi
  done < <(deployed)
  return 1
}

# status: all values are of shapes that need no escape.
status() {
  local node service lock=null
  node=$(/usr/bin/node --version)
  service=$(systemctl is-active application.service || true)
  exec 9>>"$LOCK_FILE"
  # A second for a name that is being written. The watch is no deploy.
  if ! flock --shared --timeout 1 9 && [[ $(holder) != "$WATCH_HOLDS"* ]]; then
    lock=\"$(holder | tr -d '"\\\n')\"
  fi
  exec 9>&-
  printf '{"current": %s, "service": "%s", "node": "%s", "lock": %s,\n' \
    "$(quoted "$(current_id || true)")" "$service" "${node#v}" "$lock"
  printf '"releases": [%s],\n' "$(release_rows | paste -sd ,)"
  printf '"deploys": [%s]}\n' "$(tac -- "$HISTORY" 2>/dev/null | head -n 20 | deploy_rows | paste -sd ,)"
}

quoted() { if [[ -n $1 ]]; then printf '"%s"' "$1"; else printf null; fi; }

release_rows() {
  local path id name version at now=''
  now=$(current_id) || true
  for path in "$RELEASES"/*/; do
    id=${path%/} id=${id##*/}
    [[ $id =~ $SHAPE_ID && -f $STATE/releases/$id.release ]] || continue
    read -r name version _ <"$STATE/releases/$id.release"
    at=$(awk -F '\t' -v id="$id" '$4 == id && $5 == "done" { at = $1 } END { print at }' "$HISTORY" 2>/dev/null) || true
    printf '{"id": "%s", "name": "%s", "version": "%s", "deployed": %s, "current": %s}\n' \
      "$id" "$name" "$version" "$(quoted "$at")" "$([[ $id == "$now" ]] && printf true || printf false)"
  done
}

deploy_rows() {
  local at by action release result
  while IFS=$'\t' read -r at by action release result; do
    printf '{"at": "%s", "by": "%s", "action": "%s", "release": "%s", "result": "%s"}\n' \
      "$at" "$by" "$action" "$release" "$result"
  done
}
