# shellcheck shell=bash
# login-alerts/wanted: the files of the settings. A channel that is not wanted has no file.

readonly HOME_OF_SCRIPTS=/usr/local/lib/stronghold-alert SYSTEM_UNITS=/etc/systemd/system
readonly JOURNALD=/etc/systemd/journald.conf.d/zz-stronghold-alerts.conf
readonly TRIGGERS=(stronghold-alerts.path stronghold-alerts.timer stronghold-alerts-clock.timer)
readonly UNITS=("${TRIGGERS[@]}" stronghold-alerts.service stronghold-alerts-clock.service
  stronghold-alerts-send@.path stronghold-alerts-send@.service)

# shellcheck source=channels.sh
source "$HOST_DIR/controls/login-alerts/channels.sh"

is_wanted() {
  local path=$ALERTS/$1
  [[ -n ${TEXT_OF[$path]+wanted} ]]
}

load_wanted() {
  local path list
  want_channels
  # By itself: as an argument of another command, a refused list would be an empty one.
  list=$(wanted_white_list)
  want white-list 600 "$ALERTS/white-list" "$list"
  for path in queue receiver logins channels; do
    path=$HOME_OF_SCRIPTS/$path.sh
    want_file programs 600 "$path" "login-alerts$path"
  done
  path=/usr/local/sbin/stronghold-alert
  want_file programs 700 "$path" "login-alerts$path"
  for path in "${UNITS[@]}"; do
    path=$SYSTEM_UNITS/$path
    want_file programs 644 "$path" "login-alerts$path"
  done
  for path in "$SYSTEM_UNITS/ssh.service.d/stronghold-alerts.conf" "$JOURNALD"; do
    want_file auth-log 644 "$path" "login-alerts$path"
  done
  path=/etc/logrotate.d/stronghold-alerts
  want_file log 644 "$path" "login-alerts$path"
  want_file monit 600 "$MONITRC" "login-alerts$MONITRC"
}

wanted_white_list() {
  local list line
  list=$(decoded WHITE_LIST_B64)
  while IFS= read -r line; do
    [[ $line =~ ^([0-9a-f.:]+\*?)?$ ]] ||
      usage "WHITE_LIST_B64 has a line that is neither an address nor the beginning of one and an asterisk"
  done <<<"$list"
  printf '%s\n' "$list"
}

wanted_units() {
  local channel
  printf '%s\n' "${TRIGGERS[@]}"
  for channel in "${CHANNELS[@]}"; do
    if is_wanted "$channel"; then printf 'stronghold-alerts-send@%s.path\n' "$channel"; fi
  done
}

# wanted_folders: each with its mode.
wanted_folders() {
  local channel
  printf '%s\n' "/etc/stronghold 755" "$ALERTS 700" "$HOME_OF_SCRIPTS 755" "/var/lib/stronghold 700" \
    "$ALERTS_STATE 700" "$SPOOL 700" "$SPOOL/refused 700" "${JOURNALD%/*} 755" "$SYSTEM_UNITS/ssh.service.d 755"
  for channel in "${CHANNELS[@]}"; do
    if is_wanted "$channel"; then printf '%s 700\n' "$SPOOL/$channel"; fi
  done
}

validator() {
  case $1 in
    "$MONITRC") printf 'monit -t -c' ;;
    *.sh | */stronghold-alert) printf 'bash -n' ;;
    /etc/logrotate.d/*) printf 'logrotate --debug' ;;
  esac
}
