# shellcheck shell=bash
# logins: what sshd says of those whom it let in, as alerts.
#
# The lines of auth.log could have been written by any account (`logger -t sshd`), are cut, joined and
# rotated. So they only ring the bell; what counts is the journal's copy of the same line, which
# carries the true user of the process that wrote it and a place to go on from.

# shellcheck source-path=SCRIPTDIR source=receiver.sh
source "$LIBRARY/receiver.sh"

readonly OURS=(_UID=0 SYSLOG_IDENTIFIER=sshd SYSLOG_IDENTIFIER=sshd-session)
readonly CURSOR=$STATE/cursor SHAPE_CURSOR='^s=[0-9a-f]{32};i=[0-9a-f]+;[a-z0-9=;]+$'
readonly ACCEPTED='^Accepted ([a-z-]+(/[A-Za-z0-9_-]+)?) for ([^ ]+) from ([^ ]+) port ([0-9]{1,5}) ssh2(: (.*))?$'
readonly KEY='^([A-Za-z0-9-]+ SHA256:[A-Za-z0-9+/=]+)'

scan_logins() {
  local rows kind cursor='' old='' time pid text
  local -a order=()
  local -A number=() ids=() subjects=() texts=()
  if [[ -f $CURSOR ]]; then old=$(<"$CURSOR"); fi
  [[ $old =~ $SHAPE_CURSOR ]] || old=''
  rows=$(entries_after "$old")
  while IFS=$'\t' read -r kind cursor time pid text; do
    case $kind in
      login) read_login "$cursor" "$time" "$pid" "$text" ;;
      last) break ;;
      *) return 1 ;;
    esac
  done <<<"$rows"
  tell_logins
  # Only now: a scan that is killed before begins again from the old place.
  if [[ -n $cursor && $cursor != "$old" ]]; then save "$CURSOR" "$cursor"; fi
}

# entries_after CURSOR: a row for each accepted login, and the place of the last entry of any kind.
# "Accepted key" and "Accepted certificate" tell of an offer, which anybody can make with a public key.
# Without a valid place it repeats the last hour, for a repeated alert beats one that is missing.
entries_after() {
  local from=(--cursor="$1")
  [[ -n $1 ]] || from=(--since=-1hour)
  # The entry of the place itself has been seen, but it may be gone, so it is looked for by name.
  journalctl --system --quiet --no-pager --all --output=json --output-fields=MESSAGE,_PID \
    "${from[@]}" "${OURS[@]}" |
    jq -nr --arg seen "$1" '
      def text: if type == "array" then map(if type == "number" and . < 128 then . else 63 end) | implode
        else tostring end;
      foreach (inputs, null) as $entry ({last: $seen};
        if $entry == null then .row = ["last", .last, "", "", ""]
        else {last: $entry.__CURSOR, row: (
          ($entry.MESSAGE | text) as $text
          | if $entry.__CURSOR != $seen and ($text | test("^Accepted (?!key |certificate )"))
            then ["login", $entry.__CURSOR, $entry.__REALTIME_TIMESTAMP, $entry._PID, $text] else null end)}
        end;
        .row // empty | @tsv)'
}

# read_login CURSOR TIME PID TEXT: adds it to the logins of its kind: same account, address and way in.
read_login() {
  local cursor=$1 time=$2 pid=$3 line method account address port key='' kind subject
  line=$(printable "$4")
  if [[ $line =~ $ACCEPTED ]]; then
    method=${BASH_REMATCH[1]} account=${BASH_REMATCH[3]} address=${BASH_REMATCH[4]}
    port=${BASH_REMATCH[5]} key=${BASH_REMATCH[7]}
    if is_white_listed "$address"; then
      log "login of $account from $address by $method: on the white list, nobody is told"
      return 0
    fi
    # Every few minutes, on a backup server; sshd's own log has each of them.
    if is_expected_push "$account" "$address" "$method" "$key"; then return 0; fi
    kind="$account $address $method" subject="login: $account from $address"
    [[ $account != "$(setting deployer)" ]] || subject="automation $subject"
  else
    # Should sshd's wording change, a login must not go by unseen.
    method=unknown account="(unreadable)" address=unknown port=unknown
    kind=$line subject='login: sshd let somebody in'
  fi
  # In arithmetic the key of an array may be code to bash; a digest is none.
  kind=$(digest "$kind")
  number[$kind]=$((${number[$kind]-0} + 1))
  if ((number[$kind] > 1)); then return 0; fi
  order+=("$kind")
  ids[$kind]="$time-$(digest "$cursor")"
  subjects[$kind]=$subject
  texts[$kind]=$(login_text "$time" "$pid" "$method" "$account" "$address" "$port" "$key" "$line")
}

digest() { sha256sum <<<"$1" | head -c 12; }

tell_logins() {
  local kind subject
  for kind in "${order[@]}"; do
    subject=${subjects[$kind]}
    [[ ${number[$kind]} == 1 ]] || subject+=" (${number[$kind]} times)"
    enqueue "${ids[$kind]}" "[$HOST] $subject" "${texts[$kind]}"
  done
}

login_text() {
  local time=$1 pid=$2 method=$3 account=$4 address=$5 port=$6 key=$7 line=$8 way
  case $method in
    publickey) way="key only" ;;
    keyboard-interactive/pam)
      way="code or password"
      # The key came first, and sshd named it in a line of its own.
      if key=$(key_before "$pid" "$time"); then way="key and code"; fi
      ;;
    *) way=$method ;;
  esac
  if [[ $key =~ $KEY ]]; then key=${BASH_REMATCH[1]}; else key="not in the log"; fi
  cat <<END
Account:  $account
Address:  $address, port $port
Method:   $way ($method)
Key:      $key
Time:     $(date -d "@${time:0:-6}" '+%F %T %Z (UTC%:z)')
Server:   $HOST
Log:      $line

If that was none of you: end it with "sudo pkill -KILL -u $account", take the account's keys out of the
settings, run \`up\`, and treat the server as broken into.
END
}

# key_before PID TIME: the key that the same process had accepted as the first of two factors.
key_before() {
  local line
  line=$(journalctl --system --quiet --no-pager --output=cat --since="@$((${2:0:-6} - 600))" \
    "_PID=$1" "${OURS[@]}" | grep '^Partial publickey for ' | tail -n 1) || return
  printf '%s' "${line##* ssh2: }"
}

# is_white_listed ADDRESS: an address, or the beginning of one that ends in an asterisk.
is_white_listed() {
  local pattern
  while IFS= read -r pattern; do
    case $pattern in
      '') continue ;;
      *'*') [[ $1 != "${pattern%'*'}"* ]] || return 0 ;;
      *) [[ $1 != "$pattern" ]] || return 0 ;;
    esac
  done <"$CONFIG/white-list"
  return 1
}

# setting NAME: a value of the settings that is no secret.
setting() { sed -n "s/^$1=//p" "$CONFIG/settings"; }
