# shellcheck shell=bash
# login-alerts/checks: each prints why it fails.

# shellcheck source-path=SCRIPTDIR source=wanted.sh
source "$HOST_DIR/controls/login-alerts/wanted.sh"
# shellcheck source-path=SCRIPTDIR source=watch.sh
source "$HOST_DIR/controls/login-alerts/watch.sh"

auth_log_is_written() {
  local times
  group_is_exact auth-log || return
  sshd_may_say_all || no "journald drops lines of sshd when there are many" || return
  is_running rsyslog.service || return
  times=$(probe_auth_log)
  case $times in
    0) no "a line logged just now is not in $AUTH_LOG" ;;
    1) ;;
    *) no "a line logged just now is $times times in $AUTH_LOG" ;;
  esac
}

monit_watches() {
  local started pid names
  group_is_exact monit || return
  is_running monit.service || return
  monit -t >/dev/null || no "its configuration is not valid" || return
  ask_units MainPID,ExecMainStartTimestamp monit.service
  pid=${UNIT_SAYS["monit.service MainPID"]-} started=${UNIT_SAYS["monit.service ExecMainStartTimestamp"]-}
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == "/usr/bin/monit -I " ]] ||
    no "Monit runs with other arguments than its unit's" || return
  (($(date -d "$started" +%s) >= $(stat -c %Y "$MONITRC"))) ||
    no "Monit has not read its configuration since it was changed" || return
  names=$(monit -B summary 2>/dev/null | awk 'NR > 2 { print $1 }' | sort | paste -sd ' ')
  [[ $names == "$HOSTNAME logins" || $names == "logins $HOSTNAME" ]] || no "Monit watches '$names'" || return
  [[ $(ss -Hltnp) != *'"monit"'* ]] || no "Monit listens on a port"
}

is_on() {
  local channel
  # shellcheck disable=SC2046 # words
  are_read $(units_to_read) || return
  # shellcheck disable=SC2046 # words
  are_running $(wanted_units) || return
  for channel in "${CHANNELS[@]}"; do
    is_wanted "$channel" || ! systemctl --quiet is-active "stronghold-alerts-send@$channel.path" ||
      no "$channel is served and should not be" || return
  done
  scans
}

# units_to_read: also what a path unit starts.
units_to_read() {
  local -a units
  mapfile -t units < <(wanted_units)
  printf '%s\n' "${units[@]}" stronghold-alerts.service stronghold-alerts-clock.service "${units[@]/%.path/.service}"
}

scans() {
  [[ -n $(find "$ALERTS_STATE/scanned" -mmin -5 2>/dev/null) ]] || no "nobody has looked for logins lately" || return
  ! systemctl --quiet is-failed stronghold-alerts.service || no "stronghold-alerts.service has failed"
}

channels_are_exact() {
  local surplus
  are_folders < <(wanted_folders) || return
  group_is_exact settings || return
  surplus=$(surplus_settings)
  [[ -z $surplus ]] || no "$surplus is not the settings'"
}

# surplus_settings: what lies beside the wanted files, such as a channel of somebody else.
surplus_settings() { unwanted "$ALERTS"/* "$ALERTS"/.[!.]*; }

nothing_waits() {
  local channel late refused found=0
  for channel in "${CHANNELS[@]}"; do
    late=$(count_files "$SPOOL/$channel" -mmin "+$((WAIT_MINUTES_MAX - 1))")
    ((late == 0)) || no "$channel: $late wait" || found=1
    refused=$(count_files "$SPOOL/refused/$channel")
    ((refused == 0)) || no "$channel: $refused refused, 'stronghold-alert retry' sends them again" || found=1
    [[ ! -s $ALERTS_STATE/$channel.dropped ]] ||
      no "$channel: $(wc -l <"$ALERTS_STATE/$channel.dropped") dropped, see $ALERTS_LOG" || found=1
  done
  return "$found"
}

# count_files FOLDER TEST...
count_files() {
  local -a files
  mapfile -t files < <(find "$1" -type f "${@:2}" 2>/dev/null)
  printf '%s' "${#files[@]}"
}

channels_work() {
  local channel verdict since reason found=0
  for channel in "${CHANNELS[@]}"; do
    if [[ ! -f $ALERTS_STATE/$channel.result ]]; then continue; fi
    IFS=$'\t' read -r verdict since reason <"$ALERTS_STATE/$channel.result"
    [[ $verdict == accepted ]] ||
      no "$channel: $reason, since $(date -d "@$since" '+%F %T %Z')" || found=1
  done
  return "$found"
}

log_is_kept() {
  group_is_exact log || return
  is_running logrotate.timer || return
  [[ -f $ALERTS_LOG && ! -L $ALERTS_LOG && $(stat -c '%a %U:%G' -- "$ALERTS_LOG") == "600 root:root" ]] ||
    no "$ALERTS_LOG is not root's alone"
}
