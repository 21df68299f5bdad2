# shellcheck shell=bash
# two-factor/mend: puts a person's file right, without making anything good again that was used.

# shellcheck source=checks.sh
source "$HOST_DIR/controls/two-factor/checks.sh"

readonly TURNS=/run/stronghold-login-turns STEP_SECONDS=30 TURN_WAIT_SECONDS=3

# mend_state NAME: another secret is an enrolment, at which all is new; otherwise what was used stays so.
mend_state() {
  local name=$1 turn
  if is_right "$name" >/dev/null; then return 0; fi
  # While a login of that person is at work the module may write the file. Whoever keeps a question
  # open does not keep us waiting: the module drops an answer once the file has changed.
  install -d -m 700 -- "$TURNS"
  exec {turn}>"$TURNS/$name"
  flock --wait "$TURN_WAIT_SECONDS" "$turn" || true
  if ! read_state "$name"; then
    rm -rf -- "${FACTORS:?}/$name"
    put_state "$name" "$(new_state "$name")"
  elif ! secret_is_wanted "$name" >/dev/null; then
    put_state "$name" "$(new_state "$name")"
  else
    put_state "$name" "$(kept_state "$name")"
  fi
  exec {turn}>&-
}

is_right() {
  read_state "$1" && secret_is_wanted "$1" && options_are_wanted "$1" && codes_are_wanted "$1" &&
    state_is_private "$1"
}

put_state() { put_file "$FACTORS/$1" 600 root:root <<<"$2"; }

new_state() { state_text "${secret_of[$1]}" '' '' "${codes_of[$1]}"; }

# kept_state NAME: as read_state found it. Where the record of used codes is gone, all codes of the
# moment count as used.
kept_state() {
  local step=$((EPOCHSECONDS / STEP_SECONDS)) code left=' '
  [[ $options == *D* ]] || reused=" $((step - 1)) $step $((step + 1))"
  for code in "${scratch_codes[@]}"; do
    if [[ ${codes_of[$1]} == *" $code "* && $left != *" $code "* ]]; then left+="$code "; fi
  done
  state_text "$found_secret" "$attempts" "$reused" "$left"
}

# state_text SECRET ATTEMPTS REUSED CODES: a window of 3 is the code of the moment and one on each side.
state_text() {
  local code
  printf '%s\n" RATE_LIMIT 3 30%s\n" WINDOW_SIZE 3\n" DISALLOW_REUSE%s\n" TOTP_AUTH\n' "$1" "$2" "$3"
  for code in $4; do
    printf '%s\n' "$code"
  done
}
