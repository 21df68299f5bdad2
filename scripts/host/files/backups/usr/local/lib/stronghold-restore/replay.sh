# shellcheck shell=bash
# replay: what was written after the archive, up to a given second, from the binary logs.

replay_logs() {
  local line faults=0
  say STEP "replaying ${#LOGS[@]} logs until $UNTIL UTC"
  : >"$WORK/unsound"
  : >"$WORK/notes"
  # One session for all logs. A transaction that the last one leaves open is forgotten by the engine, as it
  # never was committed.
  # shellcheck disable=SC2310 # each step says itself what failed
  read_logs | with_definers | inside --max-allowed-packet=1G 2>"$WORK/load" || faults=1
  line=$(head -n 1 -- "$WORK/unsound")
  [[ -z $line ]] || refuse "$line"
  ((faults == 0)) || refuse "the logs cannot be replayed: $(said load)"
  while IFS= read -r line; do say NOTE "$line"; done <"$WORK/notes"
  each_table inside "$SCHEMA" 'SELECT COUNT(*), %q FROM %n;' | sort >"$WORK/rows"
  while IFS= read -r line; do say ROWS "$line"; done <"$WORK/rows"
}

# read_logs: the logs as statements. All of them are read to their end, so that each can be compared with
# its manifest.
read_logs() {
  local entry bytes sha256 position number=0 second
  local -a words=("$LOG_READER" --no-defaults --database="$SCHEMA")
  # The throw-away engine has no history of its own for the numbers of transactions to go on from.
  [[ $ENGINE == mariadb ]] || words+=(--skip-gtids)
  second=$(date -u -d "$UNTIL" +%s)
  for entry in "${LOGS[@]}"; do
    read -r bytes sha256 position <<<"$entry"
    number=$((number + 1))
    : >"$WORK/events"
    unpacked "$bytes" "log$number" | events "$position" "$second" | as_engine "${words[@]}" - 2>"$WORK/reader" || true
    is_as_promised "log$number" "$sha256" ||
      printf 'log %d is not what its manifest promises: it is cut off or altered\n' "$number" >>"$WORK/unsound"
    if grep -hv '^WARNING' "$WORK/reader" >"$WORK/words" || grep -vE '^(stopped|later [0-9]+)$' "$WORK/events" >"$WORK/words"; then
      printf 'log %d cannot be read: %s\n' "$number" "$(said words)" >>"$WORK/unsound"
    fi
    # Nothing may follow what was left out, not even if its own time is earlier.
    if grep -q '^stopped$' "$WORK/events"; then second=0; fi
    sed -n "s/^later \(.*\)/the times in the logs go back: \1 transactions that are dated before $UNTIL UTC come after a later one, and are left out/p" \
      "$WORK/events" >>"$WORK/notes"
  done
}

# events POSITION SECOND: see events.py, which root reads, as nobody else can.
events() { as_engine python3 -I -c "$(<"$LIBRARY/events.py")" "$SCHEMA" "$@" 2>"$WORK/events"; }
