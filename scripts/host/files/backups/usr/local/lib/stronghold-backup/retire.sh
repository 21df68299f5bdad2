# shellcheck shell=bash
# retire: what is removed from this server's own disk, and what stays.

# retire: removes the oldest full backups beyond KEEP, never the newest ones, and none that the vault has
# not, unless more than twice as many wait; then the logs that lead on from none of those that are left.
retire() {
  local id surplus waiting
  local -a all
  # Two at once would count the same ones.
  exec 8>"$RUNTIME/retire.lock"
  flock --nonblock 8 || return 0
  mapfile -t all < <(fulls)
  surplus=$((${#all[@]} - KEEP))
  # Whatever is removed, there is a newer one that can be read.
  if ((surplus > 0)) && is_sound "${all[-1]}"; then
    waiting=0
    for id in "${all[@]}"; do is_shipped "$id" || waiting=$((waiting + 1)); done
    for id in "${all[@]:0:surplus}"; do
      if ! is_shipped "$id"; then
        ((waiting > 2 * KEEP)) || continue
        waiting=$((waiting - 1))
        put_state dropped "$id, made $(told "$id" .finished), before it had been shipped"
      fi
      remove "$id"
    done
  elif ((surplus > 0)); then
    say "nothing is removed: $REASON"
  fi
  retire_logs
  exec 8>&-
}

retire_logs() {
  local id oldest server number
  oldest=$(fulls) oldest=${oldest%%$'\n'*}
  [[ -n $oldest ]] || return 0
  server=$(told "$oldest" .log.server) number=$(told "$oldest" .log.file)
  number=$((10#${number##*.}))
  for id in $(logs_kept); do
    is_shipped "$id" || continue
    [[ $(told "$id" .log.server) != "$server" ]] || ((10#${id##*-} < number)) || continue
    # Of a numbering that has ended, as long as it may be that of a full backup.
    [[ $(told "$id" .log.server) == "$server" ]] || ! serves "$(told "$id" .log.server)" || continue
    remove "$id"
  done
}

# serves SERVER: whether a full backup here leads on to logs of that numbering.
serves() {
  local id
  for id in $(fulls); do
    if [[ $(told "$id" .log.server) == "$1" ]]; then return 0; fi
  done
  return 1
}

# remove ID: the manifest first, so that no archive ever counts that is half removed.
remove() {
  rm -f -- "$SPOOL/$1.manifest"
  rm -f -- "$SPOOL/$1.age" "$SHIPPED/$1"
  say "removed $1"
}
