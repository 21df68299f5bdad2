# shellcheck shell=bash
# login-alerts/channels: what the ways of an alert are told: addresses and secrets, as curl reads them.

readonly PUSHOVER_OWN_URL=https://api.pushover.net/1/messages.json

want_channels() {
  local ca slack password recipients='' to scheme=smtp option=''
  ca=$(decoded CA_B64) slack=$(decoded SLACK_WEBHOOK_B64) password=$(decoded MAIL_PASSWORD_B64)
  if [[ -n $ca ]]; then
    openssl x509 -noout <<<"$ca" &>/dev/null || usage "parameter CA_B64 is no certificate in PEM"
    want settings 600 "$ALERTS/ca.pem" "$ca"
    # Beside the system's: one authority of our own does not stand for Slack's.
    option="cacert = \"$ALERTS/ca.pem\""
  fi
  want_file settings 600 "$ALERTS/common" "login-alerts$ALERTS/common" CA="$option"
  want_file settings 600 "$ALERTS/settings" "login-alerts$ALERTS/settings" \
    DEPLOYER="${PARAM[DEPLOYER]}" FROM="${PARAM[MAIL_FROM]}" TO="${PARAM[MAIL_TO]//,/, }" \
    RECEIVER="${PARAM[RECEIVER]:+$'\n'receiver=${PARAM[RECEIVER]}}"
  if [[ -n ${PARAM[MAIL_RELAY]} ]]; then
    [[ -n ${PARAM[MAIL_USER]} && -n $password && -n ${PARAM[MAIL_FROM]} && -n ${PARAM[MAIL_TO]} ]] ||
      usage "MAIL_RELAY needs MAIL_USER, MAIL_PASSWORD_B64, MAIL_FROM and MAIL_TO"
    [[ $password != *[[:cntrl:]]* ]] || usage "parameter MAIL_PASSWORD_B64 is not one line of text"
    [[ ${PARAM[MAIL_TLS]} == starttls ]] || scheme=smtps
    for to in ${PARAM[MAIL_TO]//,/ }; do recipients+="mail-rcpt = \"$to\""$'\n'; done
    want_file settings 600 "$ALERTS/mail" "login-alerts$ALERTS/mail" SCHEME="$scheme" \
      URL="$scheme://$(url_encoded "${PARAM[MAIL_USER]}"):$(url_encoded "$password")@${PARAM[MAIL_RELAY]}" \
      FROM="${PARAM[MAIL_FROM]}" RECIPIENTS="${recipients%$'\n'}"
  fi
  if [[ -n $slack ]]; then
    [[ $slack =~ ^$SHAPE_URL$ ]] || usage "parameter SLACK_WEBHOOK_B64 is no https address"
    want_file settings 600 "$ALERTS/slack" "login-alerts$ALERTS/slack" URL="$slack"
  fi
  if [[ -n ${PARAM[PUSHOVER_TOKEN]}${PARAM[PUSHOVER_USER]} ]]; then
    [[ -n ${PARAM[PUSHOVER_TOKEN]} && -n ${PARAM[PUSHOVER_USER]} ]] ||
      usage "PUSHOVER_TOKEN and PUSHOVER_USER go together"
    want_file settings 600 "$ALERTS/pushover" "login-alerts$ALERTS/pushover" \
      URL="${PARAM[PUSHOVER_URL]:-$PUSHOVER_OWN_URL}" \
      TOKEN="${PARAM[PUSHOVER_TOKEN]}" USER="${PARAM[PUSHOVER_USER]}"
  fi
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
