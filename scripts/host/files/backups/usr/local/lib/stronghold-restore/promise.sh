# shellcheck shell=bash
# promise: what the caller says about the archive, and how the archive itself comes in.
#
# First lines of text, ended by `end`:
#
#   schema <name>                        the archive's own schema
#   engine mysql|mariadb
#   sql <bytes> <sha256>                 of the SQL text, once it is decompressed
#   table <rows> <name>                  one line a table
#   log <bytes> <sha256> <position>      a binary log to replay after it, from that position on; in order
#   until <YYYY-MM-DD hh:mm:ss>          in UTC: replay what was written before that second
#
# Then one part for the SQL, and one a log, each zstd's output or plain, in pieces: the number of bytes
# as a line, then the bytes; 0 ends a part. A transfer that breaks off has no such end, and so cannot be
# taken for a short one.

SCHEMA='' ENGINE='' SQL_BYTES='' SQL_SHA256='' UNTIL=''
# Lines `<rows><TAB><table>`, and lines `<bytes> <sha256> <position>`.
TABLES=() LOGS=()

readonly PROMISE_LINES_MAX=100000 SHAPE_CHECKED='[1-9][0-9]{0,14} [0-9a-f]{64}'

read_promise() {
  local line number
  for ((number = 0; number < PROMISE_LINES_MAX; number++)); do
    IFS= read -r line || refuse "the transfer broke off before the archive began"
    [[ $line != end ]] || break
    take_promise "$line" || refuse "the promise has a line of no known form; is the operator's copy as new as the server's?"
  done
  [[ $line == end && -n $SCHEMA && -n $ENGINE && -n $SQL_SHA256 ]] || refuse "the promise is not complete"
  [[ ${#LOGS[@]} -eq 0 || -n $UNTIL ]] || refuse "the promise has logs, but does not say until when"
}

take_promise() {
  local key=${1%% *} value=${1#* }
  case $key in
    schema) [[ $value =~ $SHAPE_SCHEMA ]] && SCHEMA=$value ;;
    engine) [[ $value =~ ^(mysql|mariadb)$ ]] && ENGINE=$value ;;
    sql) [[ $value =~ ^$SHAPE_CHECKED$ ]] && SQL_BYTES=${value% *} SQL_SHA256=${value#* } ;;
    table) [[ $value =~ ^[0-9]{1,15}\ .{1,256}$ && $value != *[[:cntrl:]]* ]] && TABLES+=("${value/ /$'\t'}") ;;
    log) [[ $value =~ ^$SHAPE_CHECKED\ [1-9][0-9]{0,14}$ ]] && LOGS+=("$value") ;;
    until) [[ $value =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9]{2}:[0-9]{2}:[0-9]{2}$ ]] && UNTIL=$value ;;
    *) return 1 ;;
  esac
}

# part: the bytes of the next part on stdout. `read` takes a pipe byte by byte and `head` no more than it
# is asked for, so that each leaves the rest to the next.
part() {
  local bytes
  while IFS= read -r bytes && [[ $bytes =~ ^(0|[1-9][0-9]{0,8})$ ]]; do
    if ((bytes == 0)); then return 0; fi
    head -c "$bytes" || return
  done
  return 1
}

# unpacked BYTES NAME: the next part, decompressed, on stdout, and its sha256 in a file of that name. No more
# than is promised and a byte: it is known then that it is too long.
# Whoever reads stdout may stop early: the sum is of the whole part nevertheless.
unpacked() {
  local bytes=$1 name=$2 status=0 summer
  mkfifo -- "$WORK/$name.copy"
  sha256sum <"$WORK/$name.copy" >"$WORK/$name.sum" &
  summer=$!
  part | as_engine zstd --decompress --stdout --force --quiet --no-progress 2>>"$WORK/faults" |
    head -c "$((bytes + 1))" | tee -p -- "$WORK/$name.copy" || status=$?
  wait "$summer"
  rm -f -- "$WORK/$name.copy"
  # The reader's early end (141) is the reader's to explain.
  ((status == 0 || status == 141))
}

# is_as_promised NAME SHA256: whether what `unpacked` has seen is what the manifest has.
is_as_promised() { [[ $(cut -d ' ' -f 1 <"$WORK/$1.sum") == "$2" ]]; }
