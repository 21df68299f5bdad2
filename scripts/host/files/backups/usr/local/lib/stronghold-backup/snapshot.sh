# shellcheck shell=bash
# snapshot: one moment that the dump, the count of rows and the place in the binary log all stand for.
#
# Writes are held for as long as it takes the dump tool to begin its transaction. How they are held:
#
#   MariaDB  BACKUP STAGE BLOCK_COMMIT, which waits for nobody's statement or transaction.
#   MySQL    LOCK TABLES ... READ. It has to wait for open transactions that have written, but nobody waits
#            behind it for longer than lock_wait_timeout. If it is not granted, FLUSH TABLES WITH READ LOCK,
#            which does not mind those; but only while no statement has been running for long: measured on
#            MySQL 9.7, whoever writes to a table that is being read waits until that statement ends, even
#            when the FLUSH itself has given up long ago.
readonly HOLD_SECONDS=2 HOLD_TRIES=15 HOLD_PAUSE_SECONDS=2 LONG_STATEMENT_SECONDS=1 DUMP_START_SECONDS=3

# table_names: one a line, as they are written in a statement.
table_names() {
  sql <<<"SELECT CONCAT('\`', REPLACE(table_name, '\`', '\`\`'), '\`') FROM information_schema.tables
    WHERE table_schema = '$SCHEMA' AND table_type = 'BASE TABLE' ORDER BY CAST(table_name AS BINARY)"
}

# strange_names: those that no manifest can have; the answer would also take more than a line for them.
strange_names() {
  sql <<<"SELECT COUNT(*) FROM information_schema.tables
    WHERE table_schema = '$SCHEMA' AND HEX(table_name) REGEXP '^(..)*([01].|7F)'"
}

# count_statements: for each table a line of them, whose answer is a line of JSON. The way back to the
# savepoint lets go of the table, as the dump tool does: else whoever alters one that is counted waits for this
# transaction, the dump waits behind them, and this transaction ends after the dump.
count_statements() {
  sql <<<"SELECT CONCAT('SAVEPOINT counted; SELECT CONCAT(X''', HEX(JSON_QUOTE(table_name)), ''', '':'', COUNT(*)) FROM \`$SCHEMA\`.\`',
      REPLACE(table_name, '\`', '\`\`'), '\`; ROLLBACK TO SAVEPOINT counted') FROM information_schema.tables
    WHERE table_schema = '$SCHEMA' AND table_type = 'BASE TABLE' ORDER BY CAST(table_name AS BINARY)"
}

# hold: tries until the tables stand still, and nobody is kept waiting for long meanwhile.
hold() {
  local try how
  for ((try = 1; try <= HOLD_TRIES; try++)); do
    for how in stage tables everything; do
      may_hold "$how" || continue
      open_session hold
      # Should this script be stopped in the middle, the server itself ends the session.
      if ask hold "SET SESSION lock_wait_timeout = $HOLD_SECONDS, wait_timeout = 30" >/dev/null &&
        ask hold "$(hold_statement "$how")" "$((HOLD_SECONDS * 5))" >/dev/null; then
        return 0
      fi
      REASON=$(session_fault hold)
      close_session hold
    done
    sleep "$HOLD_PAUSE_SECONDS"
  done
  fail "the tables could not be held still for a moment, as other sessions keep them locked: $REASON"
}

may_hold() {
  case $1 in
    stage) ! is_mysql ;;
    tables) is_mysql && [[ -n $tables ]] ;;
    everything) is_mysql && [[ $(long_statements) == 0 ]] ;;
  esac
}

hold_statement() {
  case $1 in
    stage) printf 'BACKUP STAGE START; BACKUP STAGE BLOCK_COMMIT' ;;
    tables) printf 'LOCK TABLES %s READ' "\`$SCHEMA\`.${tables//$'\n'/" READ, \`$SCHEMA\`."}" ;;
    everything) printf 'FLUSH TABLES WITH READ LOCK' ;;
  esac
}

release_statement() { if is_mysql; then printf 'UNLOCK TABLES'; else printf 'BACKUP STAGE END'; fi; }

long_statements() {
  sql <<<"SELECT COUNT(*) FROM performance_schema.processlist WHERE command IN ('Query', 'Execute')
    AND time >= $LONG_STATEMENT_SECONDS AND id <> CONNECTION_ID()"
}

# take_snapshot: starts the dump and the count. Sets `log_file`, `log_position` and `pause`, the
# milliseconds for which writes were held.
take_snapshot() {
  local tables counts place held fence
  local -a dump
  [[ $(strange_names) == 0 ]] || fail "a table's name has control characters in it, or the engine does not answer: $(<"$WORK/sql")" || return
  tables=$(table_names) && counts=$(count_statements) || fail "the engine does not answer: $(<"$WORK/sql")" || return
  place=$(position_statement)
  mapfile -t dump < <(dump_words)
  open_session count
  open_session watch
  # COUNT(*) would take several cores for itself.
  if is_mysql; then ask count 'SET SESSION innodb_parallel_read_threads = 1' >/dev/null || true; fi
  # MariaDB keeps a table beyond the way back to a savepoint for as long as the session might write to the log.
  ask count 'SET SESSION sql_log_bin = 0; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ' >/dev/null || true
  start_sinks sql
  hold || return
  held=$(milliseconds)
  # Whoever connects from here on is the dump tool, or nobody of ours.
  fence=$(ask hold 'SELECT CONNECTION_ID()')
  IFS=$'\t' read -r log_file log_position _ <<<"$(ask hold "$place")"
  if [[ -z $log_position ]] || ! ask count 'START TRANSACTION WITH CONSISTENT SNAPSHOT' >/dev/null; then
    fail "the engine keeps no binary log, or ended a session: $(session_fault hold)$(session_fault count)" || return
  fi
  start_source "${dump[@]}"
  await_dump "$fence" || return
  # That it answers proves that it held them until now.
  ask hold "$(release_statement)" >/dev/null || fail "the session that held the tables was ended" || return
  pause=$(($(milliseconds) - held))
  close_session hold
  close_session watch
  # One that came or went meanwhile would be in the dump or in the count alone.
  [[ $(table_names) == "$tables" ]] || fail "tables were made or dropped meanwhile" || return
  if [[ -n $counts ]]; then
    (
      ask count "${counts//$'\n'/;$'\n'}" 604800 >"$WORK/counts" || exit 1
    ) &
    count_pid=$!
  else
    : >"$WORK/counts"
    count_pid=''
  fi
}

# await_dump FENCE: until its transaction is open. The engine looks at its transactions anew only if nobody
# has asked for a tenth of a second.
await_dump() {
  local deadline=$((SECONDS + DUMP_START_SECONDS)) statement
  if is_mysql; then
    statement="SELECT COUNT(*) FROM information_schema.innodb_trx
      JOIN performance_schema.processlist AS sessions ON sessions.id = trx_mysql_thread_id
      JOIN performance_schema.session_connect_attrs AS attributes ON attributes.processlist_id = sessions.id
      WHERE attr_name = '_pid' AND attr_value = '${stage_pid[source]}' AND COALESCE(info, '') NOT LIKE 'START%'"
  else
    # Which session is whose cannot be told here; that it was this one is proved by what it writes down.
    statement="SELECT COUNT(*) FROM information_schema.innodb_trx
      JOIN information_schema.processlist AS sessions ON sessions.id = trx_mysql_thread_id
      WHERE user = 'root' AND sessions.id > $1 AND COALESCE(info, '') NOT LIKE 'START%'"
  fi
  sleep 0.04
  until [[ $(ask watch "$statement") == [1-9]* ]]; do
    if ! kill -0 "${stage_pid[source]}" 2>/dev/null; then
      # A short one is over by now, and then writes were held for all of it.
      end_of source
      ((stage_code[source] == 0)) || fail "the dump ended at once: $(said source)"
      return
    fi
    ((SECONDS < deadline)) || fail "the dump did not begin within $DUMP_START_SECONDS s" || return
    sleep 0.11
  done
}
