# shellcheck shell=bash
# login-alerts/wanted: the files of the settings. A channel that is not wanted has no file.

readonly HOME_OF_SCRIPTS=/usr/local/lib/stronghold-alert SYSTEM_UNITS=/etc/systemd/system
readonly JOURNALD=/etc/systemd/journald.conf.d/zz-stronghold-alerts.conf
readonly TRIGGERS=(stronghold-alerts.path stronghold-alerts.timer stronghold-alerts-clock.timer)
readonly UNITS=("${TRIGGERS[@]}" stronghold-alerts.service stronghold-alerts-clock.service
  stronghold-alerts-send@.path stronghold-alerts-send@.service)
readonly PUSHOVER_OWN_URL=https://api.pushover.net/1/messages.json

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
  for path in queue logins channels; do
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

want_channels() {
  local ca slack password recipients='' to scheme=smtp option=''
  ca=$(decoded CA_B64) slack=$(decoded SLACK_WEBHOOK_B64) password=$(decoded MAIL_PASSWORD_B64)
  if [[ -n $ca ]]; then
    openssl x509 -noout <<<"$ca" &>/dev/null || usage "parameter CA_B64 is no certificate in PEM"
    want settings "$ALERTS/ca.pem" 600 "$ca"
    # Beside the system's: one authority of our own does not stand for Slack's.
    option="cacert = \"$ALERTS/ca.pem\""
  fi
  want settings "$ALERTS/common" 600 "$(render "login-alerts$ALERTS/common" CA="$option")"
  want settings "$ALERTS/settings" 600 "$(render "login-alerts$ALERTS/settings" \
    DEPLOYER="${PARAM[DEPLOYER]}" FROM="${PARAM[MAIL_FROM]}" TO="${PARAM[MAIL_TO]//,/, }")"
  if [[ -n ${PARAM[MAIL_RELAY]} ]]; then
    [[ -n ${PARAM[MAIL_USER]} && -n $password && -n ${PARAM[MAIL_FROM]} && -n ${PARAM[MAIL_TO]} ]] ||
      usage "MAIL_RELAY needs MAIL_USER, MAIL_PASSWORD_B64, MAIL_FROM and MAIL_TO"
    [[ $password != *[[:cntrl:]]* ]] || usage "parameter MAIL_PASSWORD_B64 is not one line of text"
    [[ ${PARAM[MAIL_TLS]} == starttls ]] || scheme=smtps
    for to in ${PARAM[MAIL_TO]//,/ }; do recipients+="mail-rcpt = \"$to\""$'\n'; done
    want settings "$ALERTS/mail" 600 "$(render "login-alerts$ALERTS/mail" SCHEME="$scheme" \
      URL="$scheme://$(url_encoded "${PARAM[MAIL_USER]}"):$(url_encoded "$password")@${PARAM[MAIL_RELAY]}" \
      FROM="${PARAM[MAIL_FROM]}" RECIPIENTS="${recipients%$'\n'}")"
  fi
  if [[ -n $slack ]]; then
    [[ $slack =~ ^$SHAPE_URL$ ]] || usage "parameter SLACK_WEBHOOK_B64 is no https address"
    want settings "$ALERTS/slack" 600 "$(render "login-alerts$ALERTS/slack" URL="$slack")"
  fi
  if [[ -n ${PARAM[PUSHOVER_TOKEN]}${PARAM[PUSHOVER_USER]} ]]; then
    [[ -n ${PARAM[PUSHOVER_TOKEN]} && -n ${PARAM[PUSHOVER_USER]} ]] ||
      usage "PUSHOVER_TOKEN and PUSHOVER_USER go together"
    want settings "$ALERTS/pushover" 600 "$(render "login-alerts$ALERTS/pushover" \
      URL="${PARAM[PUSHOVER_URL]:-$PUSHOVER_OWN_URL}" \
      TOKEN="${PARAM[PUSHOVER_TOKEN]}" USER="${PARAM[PUSHOVER_USER]}")"
  fi
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

# url_encoded TEXT: for curl's address of the relay; no character is left that means something there.
url_encoded() {
  local char code out='' at
  for ((at = 0; at < ${#1}; at++)); do
    char=${1:at:1}
    if [[ $char != [A-Za-z0-9] ]]; then
      printf -v code '%d' "'$char"
      printf -v char '%%%02X' "$((code & 255))"
    fi
    out+=$char
  done
  printf '%s' "$out"
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
