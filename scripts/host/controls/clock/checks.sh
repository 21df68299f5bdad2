# shellcheck shell=bash
# clock/checks: how the clock and what keeps it differ from the settings. Each prints why it fails.

readonly CONFIG=/etc/chrony/chrony.conf OPTIONS=/etc/default/chrony
readonly CHECK=/usr/local/sbin/stronghold-clock-check
# As Debian and Ubuntu package it, chrony has no rival among packages, but a file is all that a unit needs.
readonly -a RIVALS=(systemd-timesyncd ntpsec ntp ntpd ntpd-rs openntpd chronyd-restricted)
readonly FIRST_ANSWERS_SECONDS=20

config_text() {
  local server text=''
  for server in ${PARAM[SERVERS]}; do
    text+="$(source_kind "$server") $server iburst maxpoll 8"$'\n'
  done
  render "clock$CONFIG" SOURCES="${text%$'\n'}" LEAP_SECONDS="$(leap_seconds)"
}

# leap_seconds: chrony reads the list from 4.6 on and takes the line for a mistake before, as on Ubuntu 24.04.
# There the time servers alone announce a leap second.
leap_seconds() {
  local version
  version=$(chronyd --version | sed -n 's/^chronyd (chrony) version \([0-9.]*\).*/\1/p')
  if at_least 4.6 "$version"; then
    printf '\nleapseclist /usr/share/zoneinfo/leap-seconds.list'
  fi
}

# source_kind SERVER: a name may stand for many servers, of which chronyd then picks some anew when one
# goes silent. maxpoll 8: a clock that somebody moved is noticed within minutes, not a quarter of an hour.
source_kind() {
  if is_address "$1"; then printf server; else printf pool; fi
}

is_address() { [[ $1 == *:* || $1 =~ ^[0-9]+(\.[0-9]+){3}$ ]]; }

files_are_exact() {
  is_file "$CONFIG" 644 root:root "$(config_text)" || no "$CONFIG differs" || return
  is_file "$OPTIONS" 644 root:root "$(render "clock$OPTIONS")" || no "$OPTIONS differs"
}

check_is_exact() {
  is_file "$CHECK" 755 root:root "$(render "clock$CHECK")" || no "$CHECK differs"
}

runs_always() { runs_now && starts_at_boot; }

runs_now() { systemctl --quiet is-active chrony.service || no "chrony is not running"; }

# Not by `is-enabled`: an alias is enough for that.
starts_at_boot() {
  [[ " $(systemctl show -P WantedBy chrony.service) " == *" multi-user.target "* ]] ||
    no "chrony does not start at boot"
}

# follows_settings: chronyd itself tells whom it asks, each by the name that it was given.
follows_settings() {
  local found server ok=0
  found=$(timeout 5 chronyc -c -N sources 2>&1 | cut -d , -f 3 | sort -u) || no "chronyd does not answer" || return
  for server in $found; do
    [[ " ${PARAM[SERVERS],,} " == *" ${server,,} "* ]] || no "it also asks $server" || ok=1
  done
  for server in ${PARAM[SERVERS]}; do
    # A name that cannot be looked up has no server yet: whether any other answers is another check.
    is_address "$server" || continue
    [[ $'\n'${found,,}$'\n' == *$'\n'"${server,,}"$'\n'* ]] || no "it does not ask $server" || ok=1
  done
  return "$ok"
}

# clock_is_right: by the very script that raises the alarm, so that both say the same. Only right after a start is it
# asked again: first answers take some seconds, and chronyd changes its mind between one and the next.
clock_is_right() {
  local verdict deadline=$((SECONDS + FIRST_ANSWERS_SECONDS))
  until verdict=$(bash "$HOST_DIR/files/clock$CHECK" now); do
    if ((SECONDS >= deadline)) || ! runs_now >/dev/null || ! early_or_right; then
      no "$verdict"
      return
    fi
    sleep 0.5
  done
}

early_or_right() { bash "$HOST_DIR/files/clock$CHECK" >/dev/null; }

no_listener() {
  local sockets
  sockets=$(ss -H -l -n -p -t -u | awk '/"chronyd"/ || $5 ~ /:(123|323)$/ { print $1, $5, $7 }') || return
  [[ -z $sockets ]] || no "$sockets"
}

# rivals_found: from lists, which leave units that are not in use unloaded. To ask about each would load
# them and the names in their conflicts, and systemd has been seen to forget a running chrony over that.
rivals_found() {
  local -a units=("${RIVALS[@]/%/.service}")
  {
    systemctl list-units --plain --no-legend --state=active,activating,reloading "${units[@]}"
    systemctl list-unit-files --no-legend --state=enabled,enabled-runtime "${units[@]}"
  } | cut -d ' ' -f 1 | sort -u
}

no_rival() {
  local names
  names=$(rivals_found | paste -sd ' ')
  [[ -z $names ]] || no "$names"
}
