# shellcheck shell=bash
# logs: the binary logs, each archived as it is once the server has ended it, in order and without a gap.
#
# A numbering is the time for which the server counts its logs on. It has an identity of its own, which is
# in the archives' names: a server that is set up anew, or whose logs are reset, begins at 1 again, and the
# vault never takes another content under a name that it has.

# The server's own name for itself ('' if it has none); the last log archived: number, bytes and first time.
numbering='' server_name='' last_number=0 last_bytes=0 last_first=''
# Where the server keeps them, as it has said of itself in this run.
log_dir=''

readonly NUMBERING=$STATE/numbering

# log_identity: of the numbering, for manifests.
log_identity() { cut -f 1 -- "$NUMBERING"; }

binary_logs() { sql <<<'SHOW BINARY LOGS' | cut -f 1,2; }
log_folder() {
  local base
  base=$(sql <<<'SELECT @@log_bin_basename') && [[ -n $base ]] || return
  printf '%s' "${base%/*}"
}
number_of() { printf '%s' "$((10#${1##*.}))"; }

# settle_numbering: knows the numbering, or finds that there is a new one.
settle_numbering() {
  local lock status=0
  exec {lock}>"$RUNTIME/numbering.lock"
  flock "$lock"
  know_numbering || status=$?
  # However it went: the next try of this very run would wait for itself.
  exec {lock}>&-
  return "$status"
}

know_numbering() {
  local logs name status=0
  logs=$(binary_logs) && name=$(server_identity) && log_dir=$(log_folder) && [[ -n $logs ]] ||
    fail "the engine does not answer, or keeps no binary log: $(<"$WORK/sql")" || return 1
  if [[ ! -s $NUMBERING ]]; then
    start_numbering "$name"
  else
    IFS=$'\t' read -r numbering server_name last_number last_bytes last_first <"$NUMBERING"
    goes_on "$logs" "$name" || status=$?
    if ((status == 2)); then
      return 1
    elif ((status != 0)); then
      say "the server counts its binary logs anew; what follows is another numbering than $numbering"
      start_numbering "$name"
      interrupted "the server has begun to count its binary logs anew"
    elif ((last_number > 0 && $(number_of "$(head -n 1 <<<"$logs" | cut -f 1)") > last_number + 1)); then
      interrupted "the server has removed binary logs after number $last_number that were not archived"
    fi
  fi
}

start_numbering() {
  numbering=$(</proc/sys/kernel/random/uuid) server_name=${1:--} last_number=0 last_bytes=0 last_first=-
  keep_numbering
}

keep_numbering() {
  put_state numbering "$numbering"$'\t'"$server_name"$'\t'"$last_number"$'\t'"$last_bytes"$'\t'"$last_first" \
    2>"$WORK/state" || fail "what was archived cannot be written down: $(<"$WORK/state")"
}

# goes_on LOGS NAME: the last one that was archived is still what it was, or is gone while later ones are there. 2:
# nobody can say.
goes_on() {
  local file bytes first
  [[ ${2:--} == "$server_name" ]] || return 1
  ((last_number > 0)) || return 0
  while IFS=$'\t' read -r file bytes; do
    if (($(number_of "$file") == last_number)); then
      first=$(python3 "$LIBRARY/binlog.py" "$log_dir/$file" head 2>"$WORK/sql") ||
        fail "$file cannot be read: $(<"$WORK/sql")" || return 2
      [[ $bytes == "$last_bytes" && $first == "$last_first" ]]
      return
    fi
  done <<<"$1"
  # Of those that are left, none may be older than the last.
  (($(number_of "$file") > last_number))
}

# interrupted REASON: until the next full backup no second in between can be restored: so it is made now.
interrupted() {
  if [[ -s $STATE/gap && $(<"$STATE/gap") == "$1" ]]; then return 0; fi
  put_state gap "$1"
  settle backup-log-gap wrong "binary logs have a gap" "$1"
  systemctl --no-block start stronghold-backup.service 2>/dev/null || true
}

# mend_gap: a full backup that was begun after the gap makes up for it.
mend_gap() {
  rm -f -- "$STATE/gap"
  settle backup-log-gap right "a full backup follows the gap in the binary logs"
}

archive_logs() { try_again log try_logs; }

try_logs() {
  local logs file bytes current
  settle_numbering || return
  rotate || return
  logs=$(binary_logs) || fail "the engine does not answer: $(<"$WORK/sql")" || return
  current=$(tail -n 1 <<<"$logs" | cut -f 1)
  while IFS=$'\t' read -r file bytes; do
    if [[ $file == "$current" ]] || (($(number_of "$file") <= last_number)); then continue; fi
    archive_log "$file" "$bytes" || return
  done <<<"$logs"
}

# rotate: ends the log that is being written, if anything but its own head is in it.
rotate() {
  local current events
  current=$(binary_logs | tail -n 1 | cut -f 1)
  events=$(sql <<<"SHOW BINLOG EVENTS IN '$current' LIMIT 20") || fail "the binary log cannot be read: $(<"$WORK/sql")" || return
  events=$(cut -f 3 <<<"$events" |
    grep -vxE 'Format_desc|Previous_gtids|Gtid_list|Binlog_checkpoint|Start_encryption|Rotate|Stop') || return 0
  sql <<<'FLUSH BINARY LOGS' || fail "the binary log cannot be ended: $(<"$WORK/sql")"
}

# archive_log FILE BYTES
archive_log() {
  local file=$1 path number id times log_bytes log_sha256 bytes sha256 reserve previous=''
  path=$log_dir/$1 number=$(number_of "$1")
  id=log-${numbering:0:8}-$(printf '%06d' "$number")
  times=$(python3 "$LIBRARY/binlog.py" "$path" 2>"$WORK/sql") || fail "$file cannot be read: $(<"$WORK/sql")" || return
  # A run that was killed just then has made it, but not written down that it has.
  if ! is_whole "$id"; then
    reserve=$(disk_reserve)
    has_room '' "$((reserve + $2))" || return 2
    start_sinks log
    start_source cat -- "$path"
    await_stages || return
    IFS=$'\t' read -r log_bytes log_sha256 <"$WORK/source.result"
    IFS=$'\t' read -r bytes sha256 <"$WORK/archive.result"
    [[ $log_bytes == "$2" ]] || fail "$file has $log_bytes bytes, and $2 by the server's word" || return
    if ((last_number == number - 1 && last_number > 0)); then previous=log-${numbering:0:8}-$(printf '%06d' "$last_number"); fi
    sync -- "$SPOOL/.partial-$id.age"
    [[ $(checksum "$SPOOL/.partial-$id.age") == "$sha256" ]] || fail "what the disk gives back is not what was written" || return
    sign "$id" "$(manifest_of_log)" && finish "$id" || fail "$id cannot be kept: $REASON" || return
    say "made $id"
  fi
  last_number=$number last_bytes=$2 last_first=${times%%$'\t'*}
  keep_numbering
}

manifest_of_log() {
  jq -cn --arg id "$id" --arg origin "$ORIGIN" --arg schema "$SCHEMA" --arg engine "$ENGINE" \
    --arg server "$(sql <<<'SELECT @@version')" --argjson bytes "$bytes" --arg sha256 "$sha256" \
    --arg identity "$numbering" --arg file "$file" --argjson log_bytes "$log_bytes" --arg log_sha256 "$log_sha256" \
    --arg first "${times%%$'\t'*}" --arg last "${times##*$'\t'}" --arg previous "$previous" '
    {format: 1, kind: "log", $id, $origin, $schema, $engine, $server, archive: {$bytes, $sha256},
      log: {server: $identity, $file, bytes: $log_bytes, sha256: $log_sha256, $first, $last}, $previous}'
}
