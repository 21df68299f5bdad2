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
  local path found own=()
  for path in "${paths[@]}"; do
    if [[ ${group_of[$path]} == "$1" ]]; then own+=("$path"); fi
  done
  are_exact "${own[@]}" || return
  found=$(surplus "$1" | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found"
}

settings_are_exact() {
  local folder mode
  while read -r folder mode; do
    is_folder "$folder" "$mode" || no "$folder" || return
  done < <(wanted_folders)
  files_are_exact settings
}

# is_due TIMER: now and after a boot. Not by `is-enabled`: an alias is enough for that.
is_due() {
  [[ " $(systemctl show -P WantedBy "$1") " == *" timers.target "* ]] || no "$1 does not start at boot" || return
  systemctl --quiet is-active "$1" || no "$1 does not run"
}

needs_reload() {
  [[ $(systemctl show --property=NeedDaemonReload --value "${UNITS[@]}") == *yes* ]]
}

timers_run() {
  local unit next property
  for unit in "${TIMERS[@]}"; do is_due "$unit" || return; done
  # Id comes first, whatever the order that is asked for.
  while IFS= read -r property; do
    case $property in
      Id=*) unit=${property#*=} ;;
      LoadState=loaded | DropInPaths= | '') ;;
      LoadState=*) no "$unit cannot be started" || return ;;
      DropInPaths=*) no "$unit is changed by a drop-in" || return ;;
    esac
  done < <(systemctl show --property=Id --property=LoadState --property=DropInPaths "${UNITS[@]}")
  ! needs_reload || no "systemd has not read the units since they were changed" || return
  next=$(systemctl show -P NextElapseUSecRealtime "${TIMERS[0]}")
  [[ $next == *" ${PARAM[TIME]}:00 "* ]] || no "the next full backup is due ${next:-never}" || return
  [[ $(systemctl show -P TimersMonotonic "${TIMERS[1]}") == *"OnUnitInactiveUSec=$(span) "* ]] ||
    no "the logs are due otherwise"
}

# span: LOG_MINUTES as systemd writes it.
span() { if ((PARAM[LOG_MINUTES] == 60)); then printf 1h; else printf '%smin' "${PARAM[LOG_MINUTES]}"; fi; }

# program VERB...: what the program itself says, so that both say the same.
program() {
  [[ -x $PROGRAM ]] || no "there is no $PROGRAM" || return
  "$PROGRAM" "$@" 2>&1 </dev/null
}

newest_is_good() { program verify; }

# load_status: once for all the checks of an audit; what was loaded ends with whoever has made `status` local.
load_status() { [[ -n ${status-} ]] || status=$(program status) || no "$status"; }

# fact NAME: of the program's status.
fact() {
  local line
  while IFS= read -r line; do
    if [[ $line == "$1"$'\t'* ]]; then printf '%s' "${line#*$'\t'}"; fi
  done <<<"$status"
}

all_is_shipped() {
  local status=${status-} minutes
  load_status || return
  [[ $(fact newest-shipped) == yes ]] || no "the vault has not got $(fact newest)" || return
  minutes=$(fact waiting-minutes)
  ((${minutes:-0} < WAIT_MINUTES_MAX)) || no "$(fact waiting) wait, the oldest for $minutes minutes"
}

retention_holds() {
  local status=${status-}
  load_status || return
  [[ $(fact surplus) == 0 ]] || no "$(fact surplus) more"
}

logs_are_archived() {
  local status=${status-}
  load_status || return
  [[ $(fact logs-late) == no ]] || no "$(fact logs)"
}

nothing_is_wrong() { program check quiet; }

# is_failed: what another full backup can mend.
is_failed() { [[ $(program status) == *$'\n'failed$'\t'yes* ]]; }

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
