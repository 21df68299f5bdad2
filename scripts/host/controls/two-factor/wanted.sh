# shellcheck shell=bash
# two-factor/wanted: who has which second factor, as the parameters say.

# shellcheck source=stack.sh
source "$HOST_DIR/controls/two-factor/stack.sh"

# 128 bits at least (RFC 4226, section 4).
readonly SECRET_SHAPE='^[A-Z2-7]{26,128}$'
readonly CODES_SHAPE='^[1-9][0-9]{7}(,[1-9][0-9]{7}){4}$'

# The secret and the scratch codes (each with a blank on both sides) by name.
declare -gA secret_of=() codes_of=()
enrolled=() unenrolled=()

# load_wanted: refuses what the module would not read, before anything is changed. No value is shown.
# shellcheck disable=SC2034 # used by checks.sh
load_wanted() {
  local text name secret codes rest
  secret_of=() codes_of=() enrolled=() unenrolled=()
  text=$(decoded PEOPLE_B64)
  while IFS=$'\t' read -r name secret codes rest; do
    [[ -n $name ]] || continue
    [[ $name =~ $SHAPE_ACCOUNT && $name != root ]] ||
      refuse TWO-FACTOR-04 "a person's name is not a lower-case account name"
    [[ " ${enrolled[*]} ${unenrolled[*]} " != *" $name "* ]] ||
      refuse TWO-FACTOR-04 "$name is listed twice"
    if [[ -z $secret$codes$rest ]]; then
      unenrolled+=("$name")
      continue
    fi
    [[ $secret =~ $SECRET_SHAPE ]] || refuse TWO-FACTOR-04 "the secret of $name is not 128 bits of base32 or more"
    [[ $codes =~ $CODES_SHAPE && -z $rest ]] || refuse TWO-FACTOR-06 "$name has not five scratch codes of 8 digits"
    enrolled+=("$name")
    secret_of[$name]=$secret
    codes_of[$name]=" ${codes//,/ } "
  done <<<"$text"
  ((${#enrolled[@]} + ${#unenrolled[@]} > 0)) || refuse TWO-FACTOR-04 "nobody is listed, and no person could log in"
}

# wanted_auth: the lines that ask, for everyone; only the named are let pass with the key alone.
wanted_auth() {
  local name
  if [[ ${PARAM[UNENROLLED]} == keyOnly ]]; then
    for name in "${unenrolled[@]}"; do
      key_alone "$name"
    done
  fi
  printf '%s\n' "${QUESTION[@]}"
}

stack_text() { render "two-factor$PAM_FILE" QUESTION="$(wanted_auth)"; }
