# shellcheck shell=bash
# stages: source | meter | zstd | age | meter, each a process of its own whose end is looked at, joined by
# pipes that are in memory. What reaches the disk is encrypted.

readonly STAGES=(source source-meter zstd age archive)
# What is never filled: the database itself lives on this disk as a rule. Less on a very small one.
readonly DISK_RESERVE=268435456
# By stage: its process, and how it has ended.
declare -A stage_pid=() stage_code=()
to_sinks=''

disk_reserve() {
  local size
  size=$(df --output=size --block-size=1 -- "$SPOOL" | tail -n 1)
  printf '%s' "$((size / 20 < DISK_RESERVE ? size / 20 : DISK_RESERVE))"
}

# has_room PREVIOUS RESERVE: for a backup as large as the last one, and a fifth more.
has_room() {
  local free needed=0
  free=$(df --output=avail --block-size=1 -- "$SPOOL" | tail -n 1)
  if [[ -n $1 ]]; then needed=$(($(stat -c %s -- "$SPOOL/$1.age") * 6 / 5)); fi
  ((free > needed + $2)) ||
    fail "the disk is full: $((free / 1048576)) MB are free, and $(((needed + $2) / 1048576)) MB are needed"
}

# start_sinks KIND: all but the source, which they wait for.
start_sinks() {
  local reading writing in
  rm -f -- "$WORK"/*.result
  pipe source
  in=$reading to_sinks=$writing
  pipe source-meter
  stage source-meter "$in" "$writing" python3 "$LIBRARY/meter.py" "$WORK/source.result" "$1"
  in=$reading
  pipe zstd
  stage zstd "$in" "$writing" zstd --quiet --stdout -3 -T2
  in=$reading
  pipe age
  stage age "$in" "$writing" age --encrypt --recipients-file "$CONFIG/recipients"
  in=$reading
  exec {writing}>"$SPOOL/.partial-$id.age"
  stage archive "$in" "$writing" python3 "$LIBRARY/meter.py" "$WORK/archive.result" archive "$reserve"
}

start_source() {
  local nothing
  exec {nothing}</dev/null
  stage source "$nothing" "$to_sinks" "$@"
  to_sinks=''
}

# stage NAME IN OUT COMMAND...
stage() {
  local in=$2 out=$3
  with_parent "${@:4}" <&"$in" >&"$out" 2>"$WORK/$1.said" &
  stage_pid[$1]=$!
  exec {in}>&- {out}>&-
  unset "stage_code[$1]"
}

said() { tail -c 400 -- "$WORK/$1.said" 2>/dev/null | tr '\n' ' '; }

# end_of STAGE: waits for it.
end_of() {
  [[ -n ${stage_pid[$1]-} ]] || return 0
  stage_code[$1]=0
  wait "${stage_pid[$1]}" || stage_code[$1]=$?
  unset "stage_pid[$1]"
}

# await_stages: the one that is to blame is the last that failed; those before it could not go on.
await_stages() {
  local stage code blame='' blamed=0
  for stage in "${STAGES[@]}"; do
    end_of "$stage"
    code=${stage_code[$stage]}
    if ((code != 0)); then blame=$stage blamed=$code; fi
  done
  case $blame:$blamed in
    :0) return 0 ;;
    archive:28) fail "the disk is full" || return 2 ;;
    *) fail "$blame ended with $blamed: $(said "$blame")" || true ;;
  esac
  # Killed, or the dump: that may pass. A tool that refuses will do so again.
  if [[ $blame == source ]] || ((blamed > 128)); then return 1; fi
  return 2
}

# end_stages: whatever is left of a try.
end_stages() {
  local pid
  # Whoever is kept waiting first.
  close_session hold
  if [[ -n $to_sinks ]]; then exec {to_sinks}>&-; fi
  to_sinks=''
  for pid in "${stage_pid[@]}" $count_pid; do
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  stage_pid=() count_pid=''
  close_sessions
}

# try_again KIND STEP: with another try for what may pass, such as a change of the schema meanwhile, or an engine that
# is just being started again.
try_again() {
  local try status
  for ((try = 0; ; try++)); do
    status=0
    "$2" || status=$?
    end_stages
    ((status != 0)) || return 0
    remove_unfinished "$1"
    # 2: it will not pass by itself.
    if ((status == 2 || try == ${#RETRY_SECONDS[@]})); then return 1; fi
    say "trying again in ${RETRY_SECONDS[try]} s: $REASON"
    sleep "${RETRY_SECONDS[try]}"
  done
}
