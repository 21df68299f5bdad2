# shellcheck shell=bash
# login-alerts/wanted: the files of the settings. A channel that is not wanted has no file.

readonly HOME_OF_SCRIPTS=/usr/local/lib/stronghold-alert SYSTEM_UNITS=/etc/systemd/system
readonly JOURNALD=/etc/systemd/journald.conf.d/zz-stronghold-alerts.conf
readonly TRIGGERS=(stronghold-alerts.path stronghold-alerts.timer stronghold-alerts-clock.timer)
readonly UNITS=("${TRIGGERS[@]}" stronghold-alerts.service stronghold-alerts-clock.service
  stronghold-alerts-send@.path stronghold-alerts-send@.service)

# shellcheck source=channels.sh
source "$HOST_DIR/controls/login-alerts/channels.sh"

# By path: the group a file belongs to, its mode and its text. `paths` keeps the order.
paths=()
declare -gA group_of=() mode_of=() text_of=()

want() {
  [[ -n ${text_of[$2]+wanted} ]] || paths+=("$2")
  group_of[$2]=$1 mode_of[$2]=$3 text_of[$2]=$4
}

is_wanted() {
  local path=$ALERTS/$1
  [[ -n ${text_of[$path]+wanted} ]]
}

load_wanted() {
  local path list
  want_channels
  # By itself: as an argument of another command, a refused list would be an empty one.
  list=$(wanted_white_list)
  want white-list "$ALERTS/white-list" 600 "$list"
  for path in queue receiver logins channels; do
    want programs "$HOME_OF_SCRIPTS/$path.sh" 600 "$(render "login-alerts$HOME_OF_SCRIPTS/$path.sh")"
  done
  path=/usr/local/sbin/stronghold-alert
  want programs "$path" 700 "$(render "login-alerts$path")"
  for path in "${UNITS[@]}"; do
    want programs "$SYSTEM_UNITS/$path" 644 "$(render "login-alerts$SYSTEM_UNITS/$path")"
  done
  for path in "$SYSTEM_UNITS/ssh.service.d/stronghold-alerts.conf" "$JOURNALD"; do
    want auth-log "$path" 644 "$(render "login-alerts$path")"
  done
  path=/etc/logrotate.d/stronghold-alerts
  want log "$path" 644 "$(render "login-alerts$path")"
  want monit "$MONITRC" 600 "$(render "login-alerts$MONITRC")"
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

make_folders() {
  local folder mode
  while read -r folder mode; do
    if is_folder "$folder" "$mode"; then continue; fi
    install -d -m "$mode" -o root -g root -- "$folder"
    changed "made $folder"
  done < <(wanted_folders)
}

is_folder() { [[ -d $1 && ! -L $1 && $(stat -c '%a %U:%G' -- "$1") == "$2 root:root" ]]; }

# put_files GROUP...: those of the groups that differ.
put_files() {
  local path group
  for group in "$@"; do
    for path in "${paths[@]}"; do
      [[ ${group_of[$path]} == "$group" ]] || continue
      # shellcheck disable=SC2046 # words
      put_file "$path" "${mode_of[$path]}" root:root $(validator "$path") <<<"${text_of[$path]}"
    done
  done
}

validator() {
  case $1 in
    "$MONITRC") printf 'monit -t -c' ;;
    *.sh | */stronghold-alert) printf 'bash -n' ;;
    /etc/logrotate.d/*) printf 'logrotate --debug' ;;
  esac
}
