# shellcheck shell=bash
# two-factor/stack: what PAM would do for sshd, all files that it includes read; shared with `ssh`.

readonly PAM_FILE=/etc/pam.d/sshd
readonly TURN=/usr/local/sbin/stronghold-login-turn
readonly FACTORS=/var/lib/stronghold/two-factor
readonly INCLUDES_MAX=8

# The part that everyone meets. No `nullok`: a file that got lost must not open an account. Without
# `noskewadj` three old codes in a row would move the person's clock back and be accepted.
# shellcheck disable=SC2016 # ${USER} is the module's own
readonly -a QUESTION=(
  "auth requisite pam_exec.so quiet $TURN"
  "auth required pam_google_authenticator.so secret=$FACTORS/"'${USER}'" user=root noskewadj"
)

# key_alone NAME: the line that lets a person pass who is not enrolled.
key_alone() { printf 'auth sufficient pam_succeed_if.so quiet user = %s\n' "$1"; }

# effective FILE [TYPE]: its rules as PAM reads them, one a line, single blanks, includes followed.
effective() {
  local file=$1 only=${2-} depth=${3-0} line
  local -a words
  ((depth < INCLUDES_MAX)) || return 0
  # PAM looks in the vendor's folder for what is not in /etc.
  [[ -e $file ]] || file=/usr/lib/pam.d/${file##*/}
  [[ -e $file ]] || return 0
  while IFS= read -r line; do
    read -ra words <<<"$line"
    ((${#words[@]} >= 2)) || continue
    words[0]=${words[0],,} words[0]=${words[0]#-}
    if [[ ${words[0]} == @include ]]; then
      effective "$(pam_path "${words[1]}")" "$only" "$((depth + 1))"
    elif [[ -n $only && ${words[0]} != "$only" ]]; then
      continue
    elif [[ ${words[1]} == include || ${words[1]} == substack ]]; then
      effective "$(pam_path "${words[2]-}")" "${words[0]}" "$((depth + 1))"
    else
      printf '%s\n' "${words[*]}"
    fi
  done < <(sed -e 's/#.*//' -e ':join' -e '/\\$/{N;s/\\\n/ /;b join' -e '}' -- "$file")
}

pam_path() {
  case $1 in
    /*) printf '%s' "$1" ;;
    *) printf '/etc/pam.d/%s' "$1" ;;
  esac
}

# asks_second_factor: whoever is not named as an exception is asked for the code, and nothing else.
asks_second_factor() {
  local rest
  rest=$(effective "$PAM_FILE" auth | grep -vE '^auth sufficient pam_succeed_if\.so quiet user = [a-z][a-z0-9-]*$')
  [[ $rest == "$(printf '%s\n' "${QUESTION[@]}")" ]] ||
    no "$PAM_FILE does not ask for the second factor alone; apply the control two-factor"
}
