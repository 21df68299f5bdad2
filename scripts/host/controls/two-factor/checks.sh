# shellcheck shell=bash
# two-factor/checks: how PAM and people's files differ from what they shall be. Each prints why it
# fails, and never a line of a file: they hold secrets.

# shellcheck source=wanted.sh
source "$HOST_DIR/controls/two-factor/wanted.sh"

# What read_state found in one person's file.
# shellcheck disable=SC2034 # used by mend.sh, too
declare -g found_secret='' attempts='' reused='' options='' surplus=0
scratch_codes=()

# read_state NAME: the module writes the file anew at each login, so the order of its lines means nothing.
# shellcheck disable=SC2034 # see above
read_state() {
  local line
  local -a lines=()
  found_secret='' attempts='' reused='' options='' surplus=0 scratch_codes=()
  [[ -f $FACTORS/$1 ]] || return 1
  mapfile -t lines <"$FACTORS/$1"
  found_secret=${lines[0]-}
  for line in "${lines[@]:1}"; do
    if [[ $line =~ ^\"\ RATE_LIMIT\ 3\ 30((\ +[0-9]{1,10})*)$ ]]; then
      attempts+=${BASH_REMATCH[1]} options+=R
    elif [[ $line =~ ^\"\ DISALLOW_REUSE((\ +[0-9]{1,10})*)\ *$ ]]; then
      reused+=${BASH_REMATCH[1]} options+=D
    elif [[ $line == '" WINDOW_SIZE 3' ]]; then
      options+=W
    elif [[ $line == '" TOTP_AUTH' ]]; then
      options+=T
    elif [[ $line =~ ^[1-9][0-9]{7}$ ]]; then
      scratch_codes+=("$line")
    else
      surplus=$((surplus + 1))
    fi
  done
}

each_person() {
  local name ok=0
  for name in "${enrolled[@]}"; do
    if read_state "$name"; then "$1" "$name" || ok=1; else no "$name has no state file" || ok=1; fi
  done
  return "$ok"
}

secret_is_wanted() {
  [[ $found_secret == "${secret_of[$1]}" ]] || no "the secret of $1 is another"
}

# Each option once: the module takes the first of two.
options_are_wanted() {
  ((surplus == 0)) || no "the file of $1 has $surplus lines that do not belong there" || return
  [[ ${#options} == 4 && $options == *R* && $options == *D* && $options == *W* && $options == *T* ]] ||
    no "the limits of $1 are not ours"
}

# A used code is gone from the file; what is left was handed out, and is there once.
codes_are_wanted() {
  local code seen=' '
  for code in "${scratch_codes[@]}"; do
    [[ ${codes_of[$1]} == *" $code "* ]] || no "$1 has a scratch code that nobody was given" || return
    [[ $seen != *" $code "* ]] || no "$1 has a scratch code twice" || return
    seen+="$code "
  done
}

asks_only_wanted() {
  is_file "$PAM_FILE" 644 root:root "$(stack_text)" || no "$PAM_FILE differs" || return
  [[ $(effective "$PAM_FILE" auth) == "$(wanted_auth)" ]] || no "$PAM_FILE, or what it includes, asks otherwise"
}

# Key-only logins meet these rules, too: sshd asks PAM about the account of everyone.
account_rules_hold() {
  local -a rules
  mapfile -t rules < <(effective "$PAM_FILE" account)
  [[ ${rules[0]-} == "account required pam_nologin.so" ]] || no "a closing system lets people in" || return
  [[ ${rules[1]-} == *"new_authtok_reqd=done"*"default=ignore] pam_unix.so"* ]] ||
    no "expired accounts and passwords do not count" || return
  [[ ${rules[2]-} == "account requisite pam_deny.so" ]] || no "whom pam_unix refuses is let in" || return
  [[ $(effective "$PAM_FILE" password) == *" pam_unix.so"* ]] || no "an old password cannot be changed at login"
}

folder_is_private() {
  [[ $(stat -c '%a %U:%G %F' -- "$FACTORS" 2>&1) == "700 root:root directory" ]] ||
    no "$FACTORS is not a folder of mode 700 owned by root"
}

# 400 is what the module itself leaves behind.
state_is_private() {
  [[ $(stat -c '%a %U:%G %F' -- "$FACTORS/$1" 2>&1) =~ ^[46]00\ root:root\ regular\ file$ ]] ||
    no "the file of $1 is not a plain file of mode 600 owned by root"
}

states_are_private() {
  local name ok=0
  folder_is_private || ok=1
  for name in "${enrolled[@]}"; do
    state_is_private "$name" || ok=1
  done
  return "$ok"
}

# surplus_states: of leavers, and what a login left behind that was cut off while it wrote the file; one
# that is at work this very minute may go on.
surplus_states() {
  local file
  [[ -d $FACTORS ]] || return 0
  find "$FACTORS" -mindepth 1 -maxdepth 1 ! \( -name '*~??????' -mmin -1 \) -printf '%f\n' | while IFS= read -r file; do
    if [[ ! -v secret_of[$file] ]]; then printf '%s\n' "$file"; fi
  done
}

no_surplus_state() {
  local files
  files=$(surplus_states | paste -sd ' ')
  [[ -z $files ]] || no "$files"
}

# rehearse STACK TURN_SOURCE: a real conversation under these rules, see there.
rehearse() {
  unshare --mount bash "$HOST_DIR/controls/two-factor/rehearse.sh" "$FACTORS" "$TURN" "$2" \
    < <(effective "$1" | grep -E '^(auth|account) ')
}
