# shellcheck shell=bash
# passwords/checks: how accounts' passwords differ from what they shall be. Each prints why it fails,
# and never a hash.

# shellcheck source=wanted.sh
source "$HOST_DIR/controls/passwords/wanted.sh"

readonly RECORDS=/var/lib/stronghold/passwords
readonly LOGIN_GROUP=ssh-users
# What the tools write for "never".
readonly AGE_NEVER=99999

# shadow, read once: days since 1970, or empty.
declare -gA hash_of=() changed_of=() min_of=() max_of=() inactive_of=()

load_found() {
  local name hash changed min max inactive
  hash_of=() changed_of=() min_of=() max_of=() inactive_of=()
  while IFS=: read -r name hash changed min max _ inactive _; do
    hash_of[$name]=$hash changed_of[$name]=$changed
    min_of[$name]=$min max_of[$name]=$max inactive_of[$name]=$inactive
  done <<<"$(getent shadow)"
}

# state_of NAME: none (also one that a fast method hashed), unissued, initial or own.
state_of() {
  local record
  if [[ ! ${hash_of[$1]-} =~ $HASH_SHAPE ]]; then
    printf none
  elif ! record=$(cat -- "$RECORDS/$1" 2>/dev/null) || ! is_issue "$1" "$record"; then
    printf unissued
  elif [[ ${hash_of[$1]} == "$record" ]]; then
    printf initial
  else
    printf own
  fi
}

# is_issue NAME HASH: whether that is a hash of the initial password that the settings name now.
is_issue() {
  case ${kind_of[$1]} in
    hash) [[ $2 == "${secret_of[$1]}" ]] ;;
    clear) [[ $2 =~ $HASH_SHAPE && $(hashed "${secret_of[$1]}" "$2") == "$2" ]] ;;
  esac
}

# hashed PASSWORD SETTING: crypt(3). `printf` is bash's own and writes into a pipe: the password is in
# nobody's argv and in no file.
hashed() {
  printf '%s\n' "$1" "$2" | perl -e 'chomp(my ($word, $setting) = <STDIN>); print crypt($word, $setting)'
}

is_person() { [[ -v kind_of[$1] ]]; }
is_expired() { [[ ${changed_of[$1]} == 0 ]]; }

people_have_passwords() {
  local name ok=0
  for name in "${people[@]}"; do
    case $(state_of "$name") in
      none) no "$name has none, or one that can be guessed fast" || ok=1 ;;
      unissued) no "$name was not issued the one of the settings" || ok=1 ;;
    esac
  done
  return "$ok"
}

initial_ones_expire() {
  local name ok=0
  for name in "${people[@]}"; do
    [[ $(state_of "$name") == initial ]] || continue
    if [[ ${PARAM[CHANGE_AT_FIRST_USE]} == yes ]]; then
      is_expired "$name" || no "$name may keep the initial one" || ok=1
    elif is_expired "$name"; then
      no "$name has to change it against the settings" || ok=1
    fi
  done
  return "$ok"
}

exception() { [[ ${PARAM[CHANGE_AT_FIRST_USE]} == yes ]] || printf ', but the settings let people keep them'; }

# pending: for information; it is the people's turn, not the operator's.
pending() {
  local name names=''
  for name in "${people[@]}"; do
    if [[ $(state_of "$name") == initial ]]; then names+=" $name"; fi
  done
  printf '%s' "${names:+ (still in use:$names)}"
}

# A hash behind a lock is one `usermod --unlock` away from use.
root_is_locked() {
  [[ ${hash_of[root]-} =~ ^[!*]+$ ]] || no "$(passwd -S root | cut -d ' ' -f 1-2)"
}

records_are_private() {
  local name ok=0
  folder_is_private || ok=1
  for name in "${people[@]}"; do
    [[ $(stat -c '%a %U:%G %F' -- "$RECORDS/$name" 2>&1) == "600 root:root regular file" ]] ||
      no "the record of $name is not a file of mode 600 owned by root" || ok=1
  done
  for name in $(surplus_records); do
    no "there is a record of $name" || ok=1
  done
  return "$ok"
}

folder_is_private() {
  [[ $(stat -c '%a %U:%G %F' -- "$RECORDS" 2>&1) == "700 root:root directory" ]] ||
    no "$RECORDS is not a folder of mode 700 owned by root"
}

surplus_records() {
  local file
  [[ -d $RECORDS ]] || return 0
  find "$RECORDS" -mindepth 1 -maxdepth 1 -printf '%f\n' | while IFS= read -r file; do
    is_person "$file" || printf '%s\n' "$file"
  done
}

# who_may_log_in: sshd asks PAM about each of them, also when a key was shown, and an account without a
# password could not change one that has run out.
who_may_log_in() {
  { getent group "$LOGIN_GROUP" | cut -d : -f 4 | tr ',' '\n' && printf '%s\n' "${people[@]}"; } | sort -u
}

is_ageless() {
  [[ -z ${inactive_of[$1]} || ${inactive_of[$1]} == -1 ]] && ((${min_of[$1]:-0} <= 0)) || return
  [[ -z ${max_of[$1]} || ${max_of[$1]} == -1 ]] || ((${max_of[$1]} >= AGE_NEVER)) || return
  # A person can obey when the password has to be changed; who has none cannot.
  is_person "$1" || ! is_expired "$1"
}

aging() {
  local name
  for name in $(who_may_log_in); do
    [[ -z ${hash_of[$name]+known} ]] || is_ageless "$name" || printf '%s\n' "$name"
  done
}

nothing_ages() {
  local names
  names=$(aging | paste -sd ' ')
  [[ -z $names ]] || no "$names"
}
