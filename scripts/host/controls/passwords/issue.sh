# shellcheck shell=bash
# passwords/issue: sets initial passwords, once each, and remembers which ones.

# shellcheck source=checks.sh
source "$HOST_DIR/controls/passwords/checks.sh"

# yescrypt at the cost that Debian's PAM uses.
# shellcheck disable=SC2016 # crypt(5)'s own dollars
readonly YESCRYPT='$y$j9T$'

make_records() {
  install -d -m 700 -- "$STATE_DIR"
  if folder_is_private >/dev/null; then return 0; fi
  if [[ ! -d $RECORDS || -L $RECORDS ]]; then rm -rf -- "$RECORDS"; fi
  install -d -m 700 -o root -g root -- "$RECORDS"
  changed "made $RECORDS root's alone"
}

# issue_if_due NAME: also where there is no usable password any more, since nobody else can mend that.
issue_if_due() {
  local name=$1 record="$RECORDS/$1"
  case $(state_of "$name") in
    none | unissued) issue "$name" ;;
    initial) set_expiry "$name" ;;
  esac
  # The same text, if only its owner or mode was wrong.
  put_file "$record" 600 root:root <<<"$(cat -- "$record")"
}

# issue NAME: the record comes last. A run that dies before it issues again; one that had written it
# first would take the old password for one that the person has chosen.
issue() {
  local name=$1 hash
  hash=$(initial_hash "$name")
  printf '%s:%s\n' "$name" "$hash" | chpasswd --encrypted
  load_found
  [[ ${hash_of[$name]} == "$hash" ]] || die 70 "the password of $name could not be set"
  changed "issued a password to $name"
  set_expiry "$name"
  put_file "$RECORDS/$name" 600 root:root <<<"$hash"
}

initial_hash() {
  local hash
  if [[ ${kind_of[$1]} == hash ]]; then
    printf '%s' "${secret_of[$1]}"
    return
  fi
  hash=$(hashed "${secret_of[$1]}" "$YESCRYPT$(salt)")
  [[ $hash =~ $HASH_SHAPE ]] || die 70 "the initial password of $1 could not be hashed"
  printf '%s' "$hash"
}

# salt: 126 random bits; the last character holds the two that are missing to 128.
salt() { printf '%s.' "$(head -c 512 /dev/urandom | tr -dc './0-9A-Za-z' | cut -c 1-21)"; }

set_expiry() {
  local name=$1
  if [[ ${PARAM[CHANGE_AT_FIRST_USE]} == yes ]] && ! is_expired "$name"; then
    quietly chage --lastday 0 "$name"
    changed "made $name change the initial password at first use"
  elif [[ ${PARAM[CHANGE_AT_FIRST_USE]} == no ]] && is_expired "$name"; then
    quietly chage --lastday "$(date -u +%F)" "$name"
    changed "let $name keep the initial password"
  fi
}

mend_ages() {
  local name
  load_found
  for name in $(aging); do
    quietly chage --mindays 0 --maxdays -1 --inactive -1 "$name"
    if ! is_person "$name" && is_expired "$name"; then
      quietly chage --lastday "$(date -u +%F)" "$name"
    fi
    changed "made $name independent of a password's age"
  done
}

remove_surplus() {
  local file
  for file in $(surplus_records); do
    rm -rf -- "${RECORDS:?}/$file"
    changed "removed the record of $file, who is not listed"
  done
}
