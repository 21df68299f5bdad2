# shellcheck shell=bash
# alerts: who is told, and when: once when something goes wrong, and once when it is right again. What
# was told is remembered once it has been.

readonly ALERT=/usr/local/sbin/stronghold-alert TELL_SECONDS=20
# Waiting for the vault: it may be starting anew. Logs: so many runs of their timer, and a little.
readonly WAIT_MINUTES=15 LOG_RUNS=3 LOG_GRACE_MINUTES=5

quiet=no

# settle TOPIC right|wrong SUBJECT [REASON]
settle() {
  local topic=$1 is=$2 subject=$3 reason=${4-} was text
  was=$(was_told "$topic")
  [[ $is != "$was" && $quiet == no ]] || return 0
  if [[ $is == right ]]; then
    text="This is over on the database server $(uname -n): $subject."
  else
    text="Database server $(uname -n): $reason"$'\n'"See: journalctl -u 'stronghold-backup*'"
  fi
  say "alert: $subject${reason:+: $reason}"
  # A server without the control login-alerts has the journal alone.
  if [[ -x $ALERT ]] && ! timeout "$TELL_SECONDS" "$ALERT" tell "$topic" "$subject" <<<"$text" >/dev/null; then
    say "the alert could not be queued, and will be tried again"
    return 0
  fi
  if put_state "alert-$topic" "$is ${reason:-$subject}" 2>/dev/null; then
    rm -f -- "$RUNTIME/alert-$topic"
  else
    # Not one byte is left on the disk: it is remembered in memory, or it would be told every few minutes.
    printf '%s %s\n' "$is" "${reason:-$subject}" >"$RUNTIME/alert-$topic"
  fi
}

# alert_files TOPIC: what counts first.
alert_files() { printf '%s\n' "$RUNTIME/alert-$1" "$STATE/alert-$1"; }

# was_told TOPIC: right or wrong.
was_told() {
  local file was=right
  for file in $(alert_files "$1"); do
    if [[ -s $file ]]; then read -r was _ <"$file" && break; fi
  done
  printf '%s' "$was"
}

# run_check [quiet]: what is wrong is printed, told, and makes it fail.
run_check() {
  local faults=0
  if [[ ${1-} == quiet ]]; then quiet=yes; else begin check; fi
  judge backup-late "no new full backup" full_is_late || faults=1
  judge backup-logs-late "binary logs are late" logs_are_late || faults=1
  judge_killed || faults=1
  judge_waiting || faults=1
  judge backup-dropped "a backup was dropped before it had been shipped" one_was_dropped || faults=1
  # Those that only the runs themselves can judge.
  said_wrong || faults=1
  exit "$faults"
}

# judge TOPIC SUBJECT PREDICATE: the predicate holds if something is wrong, and sets REASON.
judge() {
  if "$3"; then
    printf '%s: %s\n' "$2" "$REASON"
    settle "$1" wrong "$2" "$REASON"
    return 1
  fi
  settle "$1" right "over: $2"
}

full_is_late() {
  local id age
  id=$(newest_full)
  if [[ -z $id ]]; then
    age=$(age_seconds "$CONFIG/settings")
    REASON="there is none at all"
  else
    age=$(age_seconds "$SPOOL/$id.manifest")
    REASON="the newest is $id, which is $((age / 3600)) hours old"
    # From the future: nobody can say how old it is, and the next ones would be missed.
    ((age > -3600)) || { REASON="the newest is $id, which is of tomorrow: the clock was set back" && return 0; }
  fi
  ((age > LATE_HOURS * 3600))
}

# logs_are_late: MySQL removes its own after seven days; this says so on the first one.
logs_are_late() {
  local minutes=$((LOG_MINUTES * LOG_RUNS + LOG_GRACE_MINUTES)) file=$STATE/logs age
  [[ -f $file ]] || file=$CONFIG/settings
  age=$(age_seconds "$file")
  REASON="they were last archived $((age / 60)) minutes ago"
  ((age > minutes * 60 || age < -3600))
}

# judge_killed: a run that was killed outright could tell nobody. The next one that ends well is the one to
# say that it is over.
judge_killed() {
  local since
  [[ -f $STATE/run ]] || return 0
  exec 7>"$RUNTIME/full.lock"
  if flock --nonblock 7; then
    since=$(cat -- "$STATE/run" 2>/dev/null) || return 0
    flock --unlock 7
    settle backup-failed wrong "the full backup failed" "it was killed, having run $since"
    printf 'the full backup was killed, having run %s\n' "$since"
    return 1
  fi
  exec 7>&-
}

# judge_waiting: what has not been shipped.
judge_waiting() { judge backup-waiting "backups wait to be shipped" something_waits; }

something_waits() {
  local id age file oldest=0 number=0
  for id in $(fulls) $(logs_kept); do
    if is_shipped "$id"; then continue; fi
    age=$(age_seconds "$SPOOL/$id.manifest")
    number=$((number + 1)) oldest=$((age > oldest ? age : oldest))
  done
  REASON="$number, the oldest for $((oldest / 60)) minutes"
  for file in "$STATE"/refused-* "$STATE"/unreachable-*; do
    if [[ -f $file ]]; then REASON+="; $(<"$file")"; fi
    # Which no waiting will mend.
    [[ $file != *refused-* || ! -f $file ]] || oldest=$((WAIT_MINUTES * 60 + 1))
  done
  ((oldest > WAIT_MINUTES * 60))
}

# one_was_dropped: for a day.
one_was_dropped() {
  [[ -f $STATE/dropped && -n $(find "$STATE/dropped" -mmin -1440) ]] || return 1
  REASON=$(<"$STATE/dropped")
}

said_wrong() {
  local topic file is reason found=0
  for topic in backup-failed backup-logs backup-size backup-log-gap; do
    for file in $(alert_files "$topic"); do
      [[ -s $file ]] || continue
      read -r is reason <"$file"
      [[ $is != wrong ]] || { printf '%s: %s\n' "$topic" "$reason" && found=1; }
      break
    done
  done
  return "$found"
}

# --- For people and other programs --------------------------------------------------------------

run_verify() {
  local id
  id=$(newest_full)
  if full_is_late || ! is_sound "$id" || ! is_for_recipients "$id"; then
    printf '%s\n' "$REASON"
    exit 1
  fi
  printf '%s\n' "$id"
}

is_for_recipients() {
  [[ $(cat -- "$STATE/recipients" 2>/dev/null) == "$(sha256sum <"$CONFIG/recipients")" ]] ||
    fail "$1 was encrypted for other recipients than the settings name"
}

# is_at_work LOCK: somebody holds it.
is_at_work() {
  local code=0
  flock --shared --nonblock --conflict-exit-code 75 "$RUNTIME/$1.lock" true 2>/dev/null || code=$?
  ((code == 75))
}

status() {
  local id late=no newest='' shipped=no waits=0 oldest=0 surplus=0 failed=no age
  local -a all
  mapfile -t all < <(fulls)
  for id in "${all[@]}" $(logs_kept); do
    if is_shipped "$id"; then continue; fi
    age=$(age_seconds "$SPOOL/$id.manifest")
    waits=$((waits + 1)) oldest=$((age > oldest ? age : oldest))
  done
  for id in "${all[@]:0:$((${#all[@]} > KEEP ? ${#all[@]} - KEEP : 0))}"; do
    if is_shipped "$id"; then surplus=$((surplus + 1)); fi
  done
  if ((${#all[@]} > 0)); then
    newest=${all[-1]}
    # Whoever hangs is found by how long it waits.
    if is_shipped "$newest"; then shipped=yes; elif is_at_work full || is_at_work ship-full; then shipped=now; fi
  fi
  if [[ $(was_told backup-failed) == wrong || $(was_told backup-log-gap) == wrong ]]; then failed=yes; fi
  if logs_are_late; then late=yes; fi
  printf '%s\t%s\n' newest "$newest" newest-shipped "$shipped" waiting "$waits" waiting-minutes "$((oldest / 60))" \
    surplus "$surplus" failed "$failed" logs-late "$late" logs "$REASON"
}
