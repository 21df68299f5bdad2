# shellcheck shell=bash
# watch: what a timer looks at twice a minute.

# What it calls itself while it holds the lock, and how long it takes at most where it starts the application again.
readonly WATCH_HOLDS="the watch since" WATCH_SECONDS=150
readonly ALERT=/usr/local/sbin/stronghold-alert TELL_SECONDS=20 TOLD=$STATE/told
# An answer that comes late now and then is no reason; none in so many tries in a row is.
readonly TRIES=3

# watch: while a deploy is at work there is nothing to see. An application that answers that it cannot work is not
# restarted, since that would not bring its database back.
watch() {
  local said at
  exec 9>>"$LOCK_FILE"
  flock --nonblock 9 || return 0
  printf '%s %s\n' "$WATCH_HOLDS" "$(now)" >"$LOCK_FILE"
  settle
  for ((at = 1; at <= TRIES; at++)); do
    said=$(public_health)
    [[ $said == 000 ]] || break
  done
  if [[ $said == 000 ]]; then
    printf '<4>the application does not answer: started again\n' >&2
    # What hangs would not hear that it shall end.
    systemctl kill --kill-whom=all --signal=KILL "$SERVICE" 2>/dev/null || true
    systemctl restart "$SERVICE" || true
    until_healthy "$SERVICE" public_health >/dev/null || true
    said=$(public_health)
  fi
  tell_of "$said"
}

# tell_of STATUS: once when it cannot work, and once when it can again.
tell_of() {
  if [[ $1 == 200 ]]; then
    [[ -e $TOLD ]] || return 0
    rm -f -- "$TOLD"
    tell "the application works again" "/health answers 200."
  elif [[ ! -e $TOLD ]]; then
    tell "the application does not work" "/health answers ${1/000/nothing}. What it says: npm run deploy -- logs"
    touch -- "$TOLD"
  fi
}

# tell SUBJECT TEXT: a server without the control login-alerts has the journal alone.
tell() {
  printf '<4>%s: %s\n' "$1" "$2" >&2
  [[ ! -x $ALERT ]] || timeout "$TELL_SECONDS" "$ALERT" tell application "$1" >/dev/null <<<"Server $(uname -n):
$2"
}
