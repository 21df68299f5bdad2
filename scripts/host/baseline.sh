# shellcheck shell=bash
# baseline: what the server was made of when the stack last changed it. What differs was changed by hand.
#
# The control `audit` takes it, last of all controls. From then on a control's run brings into it what that very
# run has changed and nothing else, so that no `up` makes a change by hand pass for one of the stack's.

readonly AUDIT_STATE=$STATE_DIR/audit
readonly BASELINE=$AUDIT_STATE/baseline BEFORE=$AUDIT_STATE/before SETTLE_SECONDS=4

# world: what there is now, as the controls of LISTED_BY list it. Files of packages count from when the audit was
# set up, before which none was ours; from the beginning, if nobody knows that any more.
world() {
  local since
  since=$(cat -- "$AUDIT_STATE/start" 2>/dev/null) || since=0
  if [[ ! $since =~ ^[0-9]{1,12}$ ]]; then since=0; fi
  bash "${LISTED_BY-$HOST_DIR}/controls/audit/world.sh" "$since"
}

# keep_world FILE: whole or not at all.
keep_world() {
  world >"$1.fresh"
  sync -- "$1.fresh"
  mv -T -- "$1.fresh" "$1"
}

# begin_change: notes what there is. A run that was killed has left its note, and what has changed since
# then is the stack's doing, so it is not noted anew.
begin_change() {
  LEFT_OVER=no
  [[ -f $BASELINE ]] || return 0
  if [[ -f $BEFORE ]]; then LEFT_OVER=yes && return 0; fi
  keep_world "$BEFORE"
}

# keep_settled_world FILE: a service that was told to read its settings anew closes its door for a moment.
keep_settled_world() {
  local deadline=$((SECONDS + SETTLE_SECONDS))
  keep_world "$1"
  while comm -23 -- "$BEFORE" "$1" | grep -E '^(port|unit)'$'\t' >/dev/null && ((SECONDS < deadline)); do
    keep_world "$1"
  done
}

end_change() {
  [[ -f $BEFORE ]] || return 0
  if ((changes > 0)) || [[ $LEFT_OVER == yes ]]; then
    keep_settled_world "$BEFORE.after"
    # What is as before stays as the baseline has it, by hand or not.
    awk -F '\t' '
      { key = $1 FS $2 }
      FILENAME ~ /before$/ { old[key] = $0; next }
      FILENAME ~ /after$/ { new[key] = $0; next }
      { kept[key] = $0 }
      END {
        for (key in old) if (old[key] != new[key]) delete kept[key]
        for (key in new) if (old[key] != new[key]) kept[key] = new[key]
        for (key in kept) print kept[key]
      }' "$BEFORE" "$BEFORE.after" "$BASELINE" | sort >"$BASELINE.fresh"
    mv -T -- "$BASELINE.fresh" "$BASELINE"
  fi
  rm -f -- "$BEFORE" "$BEFORE.after"
}

# accept_world: what is there now is what shall be, by the word of an operator who has seen what it is.
accept_world() {
  local found kind what
  CONTROL=audit
  [[ -f $BASELINE ]] || die 1 "nothing was compared yet: the control audit was not applied here"
  found=$(changed_by_hand)
  while IFS=$'\t' read -r kind what; do
    if [[ -n $kind ]]; then changed "accepted: $kind $what"; fi
  done <<<"$found"
  if ((changes > 0)); then keep_world "$BASELINE"; fi
}

# changed_by_hand: KIND<TAB>what of it, a line each. A package that is newer is none: servers upgrade themselves.
changed_by_hand() {
  local found kind name old new
  found=$(differences) || return
  while IFS=$'\037' read -r kind name old new; do
    if [[ -z $kind ]]; then continue; fi
    if [[ $kind == package && -n $old && -n $new ]] && dpkg --compare-versions "$new" ge "$old"; then continue; fi
    printf '%s\t%s %s\n' "$kind" "$name" "$(become "$old" "$new")"
  done <<<"$found"
}

# become OLD NEW: how it reads that one became the other.
become() {
  local sum='^([0-7]+ [^ ]+) ([0-9a-f]{64}|packaged)$' mode
  if [[ -z $1 && $2 =~ ^(not|of) ]]; then
    printf 'is %s' "${2% *}"
  elif [[ -z $1 ]]; then
    printf 'is new'
  elif [[ -z $2 ]]; then
    printf 'is gone'
  elif [[ $1 =~ $sum ]] && mode=${BASH_REMATCH[1]} && [[ $2 =~ $sum ]]; then
    if [[ $mode == "${BASH_REMATCH[1]}" ]]; then printf 'has another content'; else printf 'was %s, is %s' "$mode" "${BASH_REMATCH[1]}"; fi
  else
    printf 'was %s, is %s' "$1" "$2"
  fi
}

# differences: KIND, NAME, what it was and what it is, by unit separators; nothing for what is not there.
differences() {
  world | awk -F '\t' -v OFS='\037' '
    { key = $1 OFS $2 }
    FILENAME == "-" { new[key] = $3; next }
    { old[key] = $3 }
    END {
      for (key in old) if (old[key] != new[key]) print key, old[key], new[key]
      for (key in new) if (!(key in old)) print key, "", new[key]
    }' - "$BASELINE" | sort
}
