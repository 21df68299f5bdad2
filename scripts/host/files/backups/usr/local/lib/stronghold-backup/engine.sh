# shellcheck shell=bash
# engine: what differs between MySQL and MariaDB, and how they are asked: as root, over the socket.

readonly SOCKET=/run/mysqld/mysqld.sock ANSWER_SECONDS=60
# By name of an open session: where it is written to, where it is read from, and its client's process.
declare -A session_in=() session_out=() session_pid=()

is_mysql() { [[ $ENGINE == mysql ]]; }

# with_parent COMMAND...: for the background. It ends when this script does, also when that is killed outright:
# nobody then holds a lock or goes on writing. Of what this script has open it keeps the first three alone.
with_parent() {
  local fd
  for fd in "/proc/$BASHPID/fd"/*; do
    fd=${fd##*/}
    if ((fd > 2)); then exec {fd}>&-; fi
  done
  exec setpriv --pdeathsig KILL -- "$@"
}

# pipe NAME: sets `reading` and `writing`. Both ends are opened here, so that nobody ever waits for the other.
pipe() {
  local both
  rm -f -- "$WORK/pipe-$1"
  mkfifo -- "$WORK/pipe-$1"
  exec {both}<>"$WORK/pipe-$1"
  exec {reading}<"$WORK/pipe-$1"
  exec {writing}>"$WORK/pipe-$1" {both}>&-
  rm -f -- "$WORK/pipe-$1"
}

words() {
  printf '%s\n' "$ENGINE" --no-defaults --user=root --protocol=socket --socket="$SOCKET" \
    --connect-timeout=10 --default-character-set=utf8mb4 --batch --raw --skip-column-names
}

# sql <<<"$statements": the answer of a session that ends with it.
sql() {
  local -a client
  mapfile -t client < <(words)
  timeout "$ANSWER_SECONDS" "${client[@]}" 2>"$WORK/sql"
}

# open_session NAME: one that stays open, for `ask`.
open_session() {
  local reading writing in out
  local -a client
  mapfile -t client < <(words)
  pipe "$1-in"
  in=$reading session_in[$1]=$writing
  pipe "$1-out"
  out=$writing session_out[$1]=$reading
  with_parent "${client[@]}" --unbuffered <&"$in" >&"$out" 2>"$WORK/session-$1.said" &
  session_pid[$1]=$!
  exec {in}>&- {out}>&-
}

# ask NAME STATEMENTS [SECONDS]: the answer, on stdout. The client ends at the first fault.
ask() {
  local line end="end of answer $RANDOM$RANDOM"
  { printf "%s;\nSELECT '%s';\n" "$2" "$end" >&"${session_in[$1]}"; } 2>/dev/null || return 1
  while IFS= read -r -t "${3:-$ANSWER_SECONDS}" -u "${session_out[$1]}" line; do
    if [[ $line == "$end" ]]; then return 0; fi
    printf '%s\n' "$line"
  done
  return 1
}

# session_fault NAME: what its client has said.
session_fault() { tr '\n' ' ' <"$WORK/session-$1.said" 2>/dev/null; }

close_session() {
  local in=${session_in[$1]-} out=${session_out[$1]-}
  [[ -n $in ]] || return 0
  exec {in}>&- {out}<&-
  # Not by asking it: a long statement would have to end first.
  kill -KILL "${session_pid[$1]}" 2>/dev/null || true
  wait "${session_pid[$1]}" 2>/dev/null || true
  unset "session_in[$1]" "session_out[$1]" "session_pid[$1]"
}

close_sessions() {
  local name
  for name in "${!session_in[@]}"; do close_session "$name"; done
}

# position_statement: what tells the binary log's end. MySQL has renamed it.
position_statement() {
  if is_mysql && [[ $(printf '%s\n' 8.2 "$(sql <<<'SELECT @@version')" | sort -V | head -n 1) == 8.2 ]]; then
    printf 'SHOW BINARY LOG STATUS'
  else
    printf 'SHOW MASTER STATUS'
  fi
}

# dump_words: the dump tool. Whether all is consistent is settled before it begins (snapshot.sh), so it
# locks nothing. MariaDB's writes down the place of its own snapshot in the log, without a lock.
dump_words() {
  printf '%s\n' "$(dump_tool)" --no-defaults --user=root --protocol=socket --socket="$SOCKET" \
    --default-character-set=utf8mb4 --single-transaction --skip-lock-tables --quick --no-tablespaces \
    --routines --triggers --events --hex-blob --max-allowed-packet=1G --comments
  if is_mysql; then printf '%s\n' --set-gtid-purged=OFF; else printf '%s\n' --master-data=2; fi
  printf '%s\n' "$SCHEMA"
}

dump_tool() { if is_mysql; then printf mysqldump; else printf mariadb-dump; fi; }

# server_identity: of this server's own data, as the engine tells it; MariaDB has none of that kind.
server_identity() { if is_mysql; then sql <<<'SELECT @@server_uuid'; fi; }
