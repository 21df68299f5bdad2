# shellcheck shell=bash
# backups/checks: each prints why it fails.

# shellcheck source-path=SCRIPTDIR source=wanted.sh
source "$HOST_DIR/controls/backups/wanted.sh"

# shellcheck disable=SC2034 # the control names the hours
readonly LATE_HOURS=26 WAIT_MINUTES_MAX=60 KEY_FILE_BYTES_MAX=1048576
# A private key of age, as a whole: its first letters alone stand in many a text.
readonly SHAPE_IDENTITY='AGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{58}'
readonly SHAPE_ARCHIVES='(full-[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}|log-[0-9a-f]{8}-[0-9]{6,10})'

# files_are_exact GROUP
files_are_exact() {
  local found
  group_is_exact "$1" || return
  found=$(surplus "$1" | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found"
}

settings_are_exact() {
  are_folders < <(wanted_folders) || return
  files_are_exact settings
}

# timers_run: by what the timers are told, not by when they are due next, which systemd does not know while a
# service runs that was started before it last read its units.
timers_run() {
  local unit
  ask_units LoadState,DropInPaths,NeedDaemonReload,ActiveState,WantedBy,TimersCalendar,TimersMonotonic "${UNITS[@]}"
  for unit in "${UNITS[@]}"; do
    [[ ${UNIT_SAYS["$unit LoadState"]-} == loaded ]] || no "$unit cannot be started" || return
    [[ -z ${UNIT_SAYS["$unit DropInPaths"]-} ]] || no "$unit is changed by a drop-in" || return
    [[ ${UNIT_SAYS["$unit NeedDaemonReload"]-} == no ]] || no "systemd has not read the units since they were changed" || return
  done
  for unit in "${TIMERS[@]}"; do is_due "$unit" || return; done
  [[ ${UNIT_SAYS["${TIMERS[0]} TimersCalendar"]-} == "{ OnCalendar=*-*-* ${PARAM[TIME]}:00 ;"* ]] ||
    no "the full backups are due otherwise" || return
  [[ ${UNIT_SAYS["${TIMERS[1]} TimersMonotonic"]-} == *"OnUnitInactiveUSec=$(span) "* ]] || no "the logs are due otherwise"
}

# span: LOG_MINUTES as systemd writes it.
span() { if ((PARAM[LOG_MINUTES] == 60)); then printf 1h; else printf '%smin' "${PARAM[LOG_MINUTES]}"; fi; }

# program VERB...: what the program itself says, so that both say the same.
program() {
  [[ -x $PROGRAM ]] || no "there is no $PROGRAM" || return
  "$PROGRAM" "$@" 2>&1 </dev/null
}

newest_is_good() { program verify; }

# What the program says of itself, by its facts; why it says nothing, if it does not.
declare -gA status=()

load_status() {
  local said name value
  status=()
  if ! said=$(program status); then
    status[silence]=$said
    return 0
  fi
  while IFS=$'\t' read -r name value; do status[$name]=$value; done <<<"$said"
}

status_is_known() { [[ ! -v status[silence] ]] || no "${status[silence]}"; }

all_is_shipped() {
  status_is_known || return
  [[ ${status["newest-shipped"]-} =~ ^(yes|now)$ ]] || no "the vault has not got ${status[newest]}" || return
  ((${status["waiting-minutes"]:-0} < WAIT_MINUTES_MAX)) ||
    no "${status[waiting]-} wait, the oldest for ${status["waiting-minutes"]} minutes"
}

retention_holds() {
  status_is_known || return
  [[ ${status[surplus]-} == 0 ]] || no "${status[surplus]-} more"
}

logs_are_archived() {
  status_is_known || return
  [[ ${status["logs-late"]-} == no ]] || no "${status[logs]-}"
}

nothing_is_wrong() { program check quiet; }

# is_failed: what another full backup can mend.
is_failed() { [[ ${status[failed]-} == yes ]]; }

nothing_is_plain() {
  local found
  found=$(find "$SPOOL" -mindepth 1 -regextype posix-extended ! -path "$SPOOL/state*" \
    \( ! -type f -o ! -user root -o -perm /077 -o ! -regex "$SPOOL/(\.partial-)?$SHAPE_ARCHIVES\.(age|manifest)" \) -print -quit)
  [[ -z $found ]] || no "$found should not be there, or not be so" || return
  found=$(unencrypted)
  [[ -z $found ]] || no "$found is not encrypted" || return
  found=$(find /etc /root /home /opt /srv /tmp /var/tmp /var/backups /var/lib/stronghold /usr/local -xdev -type f \
    -size "-${KEY_FILE_BYTES_MAX}c" -exec grep -lsaE -m 1 -- "$SHAPE_IDENTITY" {} + 2>/dev/null | head -n 1)
  [[ -z $found ]] || no "$found has a private key of age in it: move it off this server"
}

# unencrypted: the first archive that is none of age's. One that is being written may have nothing in it yet.
unencrypted() {
  local file
  for file in "$SPOOL"/*.age "$SPOOL"/.partial-*.age; do
    if [[ ! -s $file ]]; then continue; fi
    [[ $(head -c 21 -- "$file" | tr -d '\0') == age-encryption.org/v1 ]] || { printf '%s' "$file" && return; }
  done
}
