# shellcheck shell=bash
# full: one full backup.

# Below that, a change of size says nothing: a schema begins with a few empty tables.
readonly SIZE_CHANGE_BYTES_MIN=16384
count_pid='' log_file='' log_position='' pause=''

make_full() { try_again full try_full; }

try_full() {
  local id started finished previous reserve
  local sql_bytes sql_sha256 state place bytes sha256
  started=$(date -u +%FT%TZ)
  id="full-$(date -u +%Y%m%dT%H%M%SZ)-$(od -An -N4 -tx1 /dev/urandom | tr -d ' ')"
  previous=$(newest_full)
  reserve=$(disk_reserve)
  has_room "$previous" "$reserve" || return 2
  settle_numbering || return 1
  take_snapshot || return 1
  await_stages || return
  IFS=$'\t' read -r sql_bytes sql_sha256 state place <"$WORK/source.result"
  IFS=$'\t' read -r bytes sha256 <"$WORK/archive.result"
  [[ $state == whole ]] || fail "the dump ends in the middle" || return 1
  is_mysql || [[ $place == "$log_file"$'\t'"$log_position" ]] ||
    fail "the dump is of another moment ($place) than the count ($log_file $log_position)" || return 1
  await_count || return 1
  finished=$(date -u +%FT%TZ)
  sync -- "$SPOOL/.partial-$id.age" || return 1
  [[ $(checksum "$SPOOL/.partial-$id.age") == "$sha256" ]] ||
    fail "what the disk gives back is not what was written" || return 1
  sign "$id" "$(manifest_of_full)" || return 2
  # In the list before it counts: the list is asked about those that count, and no others.
  put_state order "$( (cat -- "$ORDER" 2>/dev/null || true) | tail -n 1000 && printf '%s' "$id")" &&
    finish "$id" || fail "$id cannot be kept" || return 1
  put_state recipients "$(sha256sum <"$CONFIG/recipients")"
  mend_gap
  say "made $id: $bytes bytes of $sql_bytes, writes held for $pause ms, in $SECONDS s"
  judge_size "$id" "$previous"
}

manifest_of_full() {
  paste -sd , -- "$WORK/counts" | sed 's/.*/{&}/' >"$WORK/tables"
  jq -cn --arg id "$id" --arg origin "$ORIGIN" --arg schema "$SCHEMA" --arg started "$started" \
    --arg finished "$finished" --arg engine "$ENGINE" --arg server "$(sql <<<'SELECT @@version')" \
    --arg tool "$("$(dump_tool)" --no-defaults --version)" --argjson bytes "$bytes" --arg sha256 "$sha256" \
    --argjson sql_bytes "$sql_bytes" --arg sql_sha256 "$sql_sha256" --slurpfile tables "$WORK/tables" \
    --arg identity "$(log_identity)" --arg file "$log_file" --argjson position "$log_position" \
    --arg previous "$previous" '
    {format: 1, kind: "full", $id, $origin, $schema, $started, $finished, $engine, $server, $tool,
      archive: {$bytes, $sha256}, sql: {bytes: $sql_bytes, sha256: $sql_sha256}, tables: $tables[0],
      log: {server: $identity, $file, $position}, $previous}'
}

await_count() {
  [[ -z $count_pid ]] || wait "$count_pid" ||
    fail "the rows could not be counted: $(session_fault count)" || return
  count_pid=''
  close_sessions
}

# judge_size ID PREVIOUS: encrypted rows do not compress, and lost ones are not there: both show.
judge_size() {
  local part is was change
  [[ -n $2 ]] || return 0
  for part in sql archive; do
    is=$(told "$1" ".$part.bytes") was=$(told "$2" ".$part.bytes")
    change=$((is > was ? is - was : was - is))
    if ((change > SIZE_CHANGE_BYTES_MIN && change * 100 > was * SIZE_CHANGE_PERCENT)); then
      settle backup-size wrong "a backup has an odd size" "$1: $part has $is bytes, and had $was in $2"
      return 0
    fi
  done
  settle backup-size right "the size of backups is as it was"
}
