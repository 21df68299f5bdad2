# shellcheck shell=bash
# units: systemd's units as a control sees them, with as few questions as it takes: each costs what ten processes do.

# What systemd has said of units: UNIT_SAYS[UNIT PROPERTY]; several lines of one property make one text.
declare -A UNIT_SAYS=()

# ask_units [--timestamp=STYLE] PROPERTY,... UNIT...: with one question.
ask_units() {
  local line key at=2
  local -a style=()
  if [[ $1 == --timestamp=* ]]; then style=("$1") && shift; fi
  UNIT_SAYS=()
  while IFS= read -r line; do
    if [[ -z $line ]]; then
      at=$((at + 1))
    else
      key="${!at} ${line%%=*}"
      UNIT_SAYS[$key]+=${UNIT_SAYS[$key]:+$'\n'}${line#*=}
    fi
  done < <(systemctl show "${style[@]}" --property="$1" -- "${@:2}")
}

# of_units PROPERTY UNIT...: as systemd says it; of a template, that of an instance, which is what counts.
of_units() {
  local -a units=("${@:2}")
  systemctl show --property="$1" --value -- "${units[@]/@./@0.}"
}

# are_read UNIT...: systemd goes by what is on the disk now.
are_read() {
  [[ $(of_units NeedDaemonReload "$@") != *yes* ]] || no "systemd has not read the units since they were changed"
}

# read_units UNIT...
read_units() { are_read "$@" >/dev/null || quietly systemctl daemon-reload; }

# are_whole UNIT...: no drop-in changes them, nor one for all units of a kind.
are_whole() {
  local found
  found=$(of_units DropInPaths "$@" | grep . | sort -u | paste -sd ' ')
  [[ -z $found ]] || no "changed by $found"
}

# is_due TIMER: now and after a boot, of what was asked with ActiveState and WantedBy. Not by `is-enabled`: an
# alias is enough for that.
is_due() {
  [[ " ${UNIT_SAYS["$1 WantedBy"]-} " == *" timers.target "* ]] || no "$1 does not start at boot" || return
  [[ ${UNIT_SAYS["$1 ActiveState"]-} == active ]] || no "$1 does not run"
}

# is_running UNIT: now and after a boot.
is_running() {
  systemctl --quiet is-enabled "$1" 2>/dev/null || no "$1 does not start at boot" || return
  systemctl --quiet is-active "$1" || no "$1 does not run"
}

# are_running UNIT...: the first that is not is named.
are_running() {
  local unit enabled active
  printf -v enabled 'enabled %.0s' "$@"
  printf -v active 'active %.0s' "$@"
  if [[ $(systemctl is-enabled "$@" 2>/dev/null | tr '\n' ' ') == "$enabled" &&
  $(systemctl is-active "$@" | tr '\n' ' ') == "$active" ]]; then return 0; fi
  for unit in "$@"; do is_running "$unit" || return; done
}
