# shellcheck shell=bash
# audit/checks: what shall be there, and the checks, each of which prints why it fails.

load_wanted() {
  local sum path unit
  manifest=$(decoded MANIFEST_B64)
  while read -r sum path; do
    [[ $sum =~ ^[0-9a-f]{64}$ && $path =~ ^[A-Za-z0-9@._/-]+$ && /$path/ != */../* && $path != /* ]] ||
      usage "MANIFEST_B64 is not a list of sums and of files below the bundle's folder"
  done <<<"$manifest"
  want_file own 700 "$PROGRAM" "audit$PROGRAM"
  for unit in "$TIMER" "$SERVICE"; do
    path=$AUDIT_UNITS/$unit
    want_file own 644 "$path" "audit$path"
  done
}

wanted_files() { cut -c 67- <<<"$manifest" | sort; }

copy_is_exact() {
  local found
  [[ -d $COPY && ! -L $COPY ]] || no "there is no folder $COPY" || return
  found=$(cd -- "$COPY" && sha256sum --check --quiet --strict <<<"$manifest" 2>/dev/null | cut -d : -f 1 | paste -sd ' ')
  [[ -z $found ]] || no "not as it was put there: $found" || return
  found=$(comm -3 <(cd -- "$COPY" && find . ! -type d -printf '%P\n' | sort) <(wanted_files) | tr -d '\t' | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found" || return
  found=$(find "$COPY" \( ! -user root -o ! -group root -o -perm /022 \) | paste -sd ' ')
  [[ -z $found ]] || no "others than root can change $found"
}

all_is_remembered() {
  local found
  found=$(find "$STATE_DIR" "$MEMORY_DIR" -maxdepth 0 \( ! -user root -o -perm /077 \) | paste -sd ' ')
  [[ -z $found ]] || no "others than root get into $found" || return
  found=$(find "$MEMORY_DIR" -maxdepth 1 -type f \( ! -user root -o -perm /077 \) | paste -sd ' ')
  [[ -z $found ]] || no "others than root can read or change $found" || return
  # Its own is written after this very run.
  found=$(comm -3 <(remembered | grep -vxF audit) <(tr ' ' '\n' <<<"${PARAM[CONTROLS]}" | grep -vxF audit | sort) | tr -d '\t' | paste -sd ' ')
  [[ -z $found ]] || no "not known, or of no control of this server: $found"
}

files_are_exact() {
  local found
  are_exact "${PATHS[@]}" || return
  found=$(surplus | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found" || return
  found=$(systemctl show -P DropInPaths "$TIMER" "$SERVICE" | grep . | paste -sd ' ')
  [[ -z $found ]] || no "changed by $found" || return
  [[ $(stat -c '%a %U:%G %F' -- "$AUDIT_STATE" 2>&1) == "700 root:root directory" ]] || no "$AUDIT_STATE is not root's alone"
}

surplus() { unwanted /{etc,run}/systemd/system{,.control}/stronghold-audit.*; }

timer_runs() {
  ask_units ActiveState,WantedBy,Result "$TIMER" "$SERVICE"
  is_due "$TIMER"
}

# audits_nightly: it may find what it likes, but it has to begin, and to come to an end.
audits_nightly() {
  local last result
  timer_runs || return
  result=${UNIT_SAYS["$SERVICE Result"]-}
  [[ $result == success ]] || no "the last one ended with $result; see journalctl -u $SERVICE" || return
  last=$(stat -c %Y -- "$AUDIT_STATE/nightly" 2>/dev/null || cat -- "$AUDIT_STATE/start" 2>/dev/null) || no "it was never set up" || return
  (($(date +%s) - last < LATE_HOURS * 3600)) || no "the last one began at $(date -u -d "@$last" +%FT%TZ)"
}
