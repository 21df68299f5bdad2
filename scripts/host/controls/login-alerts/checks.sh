# shellcheck shell=bash
# login-alerts/checks: each prints why it fails.

# shellcheck source-path=SCRIPTDIR source=wanted.sh
source "$HOST_DIR/controls/login-alerts/wanted.sh"
# shellcheck source-path=SCRIPTDIR source=watch.sh
source "$HOST_DIR/controls/login-alerts/watch.sh"

auth_log_is_written() {
  local times
  files_are_exact auth-log || return
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
  files_are_exact monit || return
  is_running monit.service || return
  monit -t >/dev/null || no "its configuration is not valid" || return
  { read -r pid && read -r started; } < <(systemctl show --property=MainPID --property=ExecMainStartTimestamp monit.service)
  pid=${pid#*=} started=${started#*=}
  [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == "/usr/bin/monit -I " ]] ||
    no "Monit runs with other arguments than its unit's" || return
  (($(date -d "$started" +%s) >= $(stat -c %Y "$MONITRC"))) ||
    no "Monit has not read its configuration since it was changed" || return
  names=$(monit -B summary 2>/dev/null | tail -n +3 | awk '{ print $1 }' | sort | paste -sd ' ')
  [[ $names == "$(printf '%s\n' "$(uname -n)" logins | sort | paste -sd ' ')" ]] ||
    no "Monit watches '$names'" || return
  [[ $(ss -Hltnp) != *'"monit"'* ]] || no "Monit listens on a port"
}

# files_are_exact GROUP
files_are_exact() {
  local path own=()
  for path in "${paths[@]}"; do
    if [[ ${group_of[$path]} == "$1" ]]; then own+=("$path"); fi
  done
  are_exact "${own[@]}"
}

is_on() {
  local channel
  ! needs_reload || no "systemd has not read the units since they were changed" || return
  # shellcheck disable=SC2046 # words
  are_running $(wanted_units) || return
  for channel in "${CHANNELS[@]}"; do
    is_wanted "$channel" || ! systemctl --quiet is-active "stronghold-alerts-send@$channel.path" ||
      no "$channel is served and should not be" || return
  done
  scans
}

needs_reload() {
  local -a units
  mapfile -t units < <(wanted_units)
  # Of a path unit, also what it starts.
  units+=(stronghold-alerts.service stronghold-alerts-clock.service "${units[@]/%.path/.service}")
  [[ $(systemctl show --property=NeedDaemonReload --value "${units[@]}") == *yes* ]]
}

scans() {
  [[ -n $(find "$ALERTS_STATE/scanned" -mmin -5 2>/dev/null) ]] || no "nobody has looked for logins lately" || return
  ! systemctl --quiet is-failed stronghold-alerts.service || no "stronghold-alerts.service has failed"
}

channels_are_exact() {
  local folder mode surplus
  while read -r folder mode; do
    is_folder "$folder" "$mode" || no "$folder" || return
  done < <(wanted_folders)
  files_are_exact settings || return
  surplus=$(surplus_settings)
  [[ -z $surplus ]] || no "$surplus is not the settings'"
}

# surplus_settings: what lies beside the wanted files, such as a channel of somebody else.
surplus_settings() {
  local path
  for path in "$ALERTS"/* "$ALERTS"/.[!.]*; do
    if [[ (-e $path || -L $path) && -z ${text_of[$path]+wanted} ]]; then printf '%s\n' "$path"; fi
  done
}

nothing_waits() {
  local channel late refused found=0
  for channel in "${CHANNELS[@]}"; do
    late=$(find "$SPOOL/$channel" -type f -mmin "+$((WAIT_MINUTES_MAX - 1))" 2>/dev/null | wc -l)
    ((late == 0)) || no "$channel: $late wait" || found=1
    refused=$(find "$SPOOL/refused/$channel" -type f 2>/dev/null | wc -l)
    ((refused == 0)) || no "$channel: $refused refused, 'stronghold-alert retry' sends them again" || found=1
    [[ ! -s $ALERTS_STATE/$channel.dropped ]] ||
      no "$channel: $(wc -l <"$ALERTS_STATE/$channel.dropped") dropped, see $ALERTS_LOG" || found=1
  done
  return "$found"
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
  files_are_exact log || return
  is_running logrotate.timer || return
  [[ -f $ALERTS_LOG && ! -L $ALERTS_LOG && $(stat -c '%a %U:%G' -- "$ALERTS_LOG") == "600 root:root" ]] ||
    no "$ALERTS_LOG is not root's alone"
}
