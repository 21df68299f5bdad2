# shellcheck shell=bash
# units: systemd's units as a control sees them, with as few questions as it takes: each costs what ten processes do.

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
