# shellcheck shell=bash
# channels: how one message goes out, by curl. What curl needs to know of a channel is a file of curl's
# own, for root alone, which reaches it through a pipe: no secret is ever an argument or in the
# environment. Nothing that the service answers is repeated, for it might echo a secret.

readonly PUSHOVER_TITLE_MAX=250 PUSHOVER_MESSAGE_MAX=1024
readonly LATER=10 HOPELESS=11 REFUSED=12 PARTLY=13

# attempt CHANNEL FILE: prints how it went. 0: the service has it; else one of the codes above.
attempt() {
  local channel=$1 file=$2 answer status=0
  answer=$(deliver "$channel" "$file" '') || status=$?
  if [[ $channel == mail ]]; then
    judge_mail "$answer" "$status" "$file"
  else
    judge_https "$answer" "$status"
  fi
}

# deliver CHANNEL FILE MORE: MORE is one more line for curl. Prints the last code of the answer.
deliver() {
  # curl reads its secrets from one pipe and the message from another.
  "write_$1" "$2" | curl --disable --config <(
    cat -- "$CONFIG/common" "$CONFIG/$1"
    printf '\n%s\n' "$3"
    if [[ $1 == pushover ]]; then
      printf 'data-urlencode = "title=%s"\n' "$(subject_of "$2" "$PUSHOVER_TITLE_MAX" | sed 's/[\\"]/\\&/g')"
    fi
  ) 2>/dev/null
}

# subject_of FILE [LENGTH]
subject_of() {
  local subject
  IFS= read -r subject <"$1"
  printf '%s' "${subject:0:${2:-400}}"
}
text_of() { tail -n +3 -- "$1"; }

write_mail() {
  local id=${1##*/} from
  from=$(setting mail-from)
  {
    printf 'From: %s\nTo: %s\nSubject: %s\n' "$from" "$(setting mail-to)" "$(subject_of "$1")"
    printf 'Date: %s\nMessage-ID: <%s.%s@%s>\n' "$(date -R -d "@${id:0:10}")" "$id" "$HOST" "${from#*@}"
    printf 'MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n'
    printf 'Auto-Submitted: auto-generated\n\n'
    text_of "$1"
  } | sed 's/$/\r/'
}

# Slack reads <...> as links and calls to everybody, unless the three characters are spelt out.
write_slack() {
  { subject_of "$1" && printf '\n' && text_of "$1"; } |
    jq -Rs '{text: (gsub("&"; "&amp;") | gsub("<"; "&lt;") | gsub(">"; "&gt;"))}'
}

write_pushover() {
  local text
  text=$(text_of "$1")
  printf '%s' "${text:0:PUSHOVER_MESSAGE_MAX}"
}

judge_https() {
  case "$2:$1" in
    0:2??) printf 'accepted (%s)' "$1" ;;
    0:408 | 0:429 | 0:5??) printf 'the service answers %s' "$1" && return "$LATER" ;;
    0:???) printf 'the service refuses it (%s)' "$1" && return "$REFUSED" ;;
    *) judge_failure "$2" ;;
  esac
}

judge_mail() {
  local answer=$1 status=$2 file=$3
  case "$status:$answer" in
    0:*) printf 'accepted (250)' ;;
    # 55: MAIL, RCPT or DATA was answered with a no; 8: the message itself was.
    55:5?? | 8:5??)
      # One wrong address among several must not keep the alert from the others.
      if [[ $(setting mail-to) == *,* ]] && deliver mail "$file" mail-rcpt-allowfails >/dev/null; then
        printf 'the relay refuses some of the recipients (%s)' "$answer"
        return "$PARTLY"
      fi
      printf 'the relay refuses it (%s)' "$answer"
      return "$REFUSED"
      ;;
    55:4?? | 8:4??) printf 'the relay says not now (%s)' "$answer" && return "$LATER" ;;
    *) judge_failure "$status" ;;
  esac
}

# judge_failure STATUS: curl's exit codes. What only a change of the settings can mend is not tried
# every few seconds: a relay might lock the user out for it.
judge_failure() {
  case $1 in
    6) printf 'its name cannot be resolved' ;;
    7) printf 'it cannot be reached' ;;
    28) printf 'it does not answer in time' ;;
    35) printf 'TLS cannot be agreed on' ;;
    52 | 56) printf 'it closed the connection' ;;
    60) printf 'its certificate cannot be verified' ;;
    64) printf 'it offers no TLS' ;;
    67) printf 'it refuses the user or the password' && return "$HOPELESS" ;;
    *) printf 'curl failed (%s)' "$1" ;;
  esac
  return "$LATER"
}
