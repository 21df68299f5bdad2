#!/usr/bin/env bash
# clock: the clock follows the time servers of the settings, is right to the second, and is watched
#
# Threat:  a clock that drifts, or that somebody moves, makes codes of the second factor fail or old
#          ones good again, and the times in every log worthless.
# Source:  guide, two-factor authentication, whose codes depend on the time.
# Changes: chrony's configuration; its rivals are turned off. stronghold-clock-check, for Monit.
# needs:   chrony iproute2
# checks:  CLOCK-01 G07, CLOCK-02 G07, CLOCK-03 G07, CLOCK-04 G07, CLOCK-05 G07, CLOCK-06 G07, CLOCK-07 G07
# shellcheck shell=bash

# Names and addresses, which end up in chrony's language: nothing in it has a meaning there.
readonly SHAPE_SERVERS='^[A-Za-z0-9:][A-Za-z0-9.:-]{0,252}( [A-Za-z0-9:][A-Za-z0-9.:-]{0,252}){0,7}$'

takes SERVERS "$SHAPE_SERVERS"

# shellcheck source-path=SCRIPTDIR/clock source=clock/checks.sh
source "$HOST_DIR/controls/clock/checks.sh"

audit() {
  check CLOCK-01 "G07 the time servers and what chronyd may do are configured, and nothing else" files_are_exact
  check CLOCK-02 "G07 chronyd runs, now and after a reboot" runs_always
  check CLOCK-03 "G07 chronyd follows the servers of the settings alone" follows_settings
  check CLOCK-04 "G07 the clock is right: a time server answers and agrees" clock_is_right
  check CLOCK-05 "G07 nobody can ask this server for the time, or command its clock, over the network" no_listener
  check CLOCK-06 "G07 nothing else sets the clock" no_rival
  check CLOCK-07 "G07 the check that raises the alarm is in place" check_is_exact
}

apply() {
  local unit stale=no
  for unit in $(rivals_found); do
    quietly systemctl disable --now "$unit"
    changed "turned off $unit, which would set the clock as well"
  done
  put_file "$CHECK" 755 root:root bash -n <<<"$(render "clock$CHECK")"
  files_are_exact >/dev/null || stale=yes
  put_file "$OPTIONS" 644 root:root bash -n <<<"$(render "clock$OPTIONS")"
  put_file "$CONFIG" 644 root:root chronyd -p -f <<<"$(config_text)"
  if [[ $(systemctl is-enabled chrony.service 2>/dev/null) == masked* ]]; then
    quietly systemctl unmask chrony.service
    changed "unmasked chrony"
  fi
  if [[ $stale == yes ]] || ! runs_now >/dev/null || needs_restart; then
    quietly systemctl restart chrony.service
    changed "started chrony anew"
  fi
  if ! starts_at_boot >/dev/null; then
    quietly systemctl enable chrony.service
    changed "made chrony start at boot"
  fi
}

# needs_restart: chronyd obeys something else than its files, or it would take hours to mend the clock:
# only in its first moments may it set it at once.
needs_restart() {
  ! follows_settings >/dev/null || ! no_listener >/dev/null || ! early_or_right
}
