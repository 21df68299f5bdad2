# shellcheck shell=bash
# accounts/found: who can log in, as the system sees it.

# shellcheck source=wanted.sh
source "$HOST_DIR/controls/accounts/wanted.sh"

readonly MANAGED_GROUP=stronghold-admins SUDO_GROUP=sudo SUDOERS_MAIN=/etc/sudoers

# passwd and shadow, read once, as NSS shows them.
declare -gA uid_of=() home_of=() shell_of=() password_of=() expires_of=()

load_found() {
  local name password uid home shell expires
  uid_of=() home_of=() shell_of=() password_of=() expires_of=()
  while IFS=: read -r name _ uid _ _ home shell; do
    uid_of[$name]=$uid home_of[$name]=$home shell_of[$name]=$shell
  done <<<"$(getent passwd)"
  while IFS=: read -r name password _ _ _ _ _ expires _; do
    password_of[$name]=$password expires_of[$name]=$expires
  done <<<"$(getent shadow)"
}

home() { printf '%s' "${home_of[$1]-/home/$1}"; }
is_listed() { [[ -n ${keys_of[$1]-} ]]; }
exists() { [[ -n ${uid_of[$1]-} ]]; }
is_expired() { [[ -n ${expires_of[$1]-} ]] && ((${expires_of[$1]} < EPOCHSECONDS / 86400)); }
has_password() { [[ ! ${password_of[$1]-!} =~ ^[!*] ]]; }
has_shell() { [[ ${shell_of[$1]} != */nologin && ${shell_of[$1]} != */false && ${shell_of[$1]} != */sync ]]; }
in_group() { [[ " $(id -nG -- "$1" 2>/dev/null) " == *" $2 "* ]]; }

# members GROUP: also those who have it as their primary group.
members() {
  local gid listed name
  IFS=: read -r _ _ gid listed <<<"$(getent group "$1")"
  tr ',' '\n' <<<"$listed"
  getent passwd | while IFS=: read -r name _ _ primary _; do
    [[ $primary != "$gid" ]] || printf '%s\n' "$name"
  done
}

# opening_groups: whose members get in, or get sudo. Ubuntu's sudoers has a rule for `admin`, too, a group
# of old releases that whoever makes it anew fills with power.
opening_groups() {
  printf '%s\n' "$SUDO_GROUP" "$LOGIN_GROUP"
  if getent group admin >/dev/null && grep -q '^%admin[[:blank:]]' "$SUDOERS_MAIN"; then printf 'admin\n'; fi
}

# The deployer has a sudo rule of its own; the group's rule is for people.
is_member_by_right() {
  is_listed "$1" && [[ ($1 != "$deployer" && $1 != "$receiver") || $2 != "$SUDO_GROUP" ]]
}

# open_homes: other accounts that own a home which someone else can write to.
open_homes() {
  local name
  for name in "${!uid_of[@]}"; do
    if is_listed "$name" || ((${uid_of[$name]} != 0 && ${uid_of[$name]} < 1000)); then continue; fi
    [[ -d ${home_of[$name]} && ${home_of[$name]} != / ]] || continue
    (((8#$(stat -L -c '%a' -- "${home_of[$name]}") & 8#022) == 0)) || printf '%s\n' "$name"
  done
}

leavers() {
  local name
  for name in $(members "$MANAGED_GROUP"); do
    is_listed "$name" || printf '%s\n' "$name"
  done
}

strangers() {
  local name
  for name in "${!uid_of[@]}"; do
    if [[ $name == root ]] || is_listed "$name" || is_expired "$name" || ! has_shell "$name"; then
      continue
    fi
    if has_password "$name" || ! no_keys "$(home "$name")" >/dev/null; then
      printf '%s\n' "$name"
    fi
  done
}

root_aliases() {
  local name
  for name in "${!uid_of[@]}"; do
    if [[ $name != root ]] && ((${uid_of[$name]} == 0)); then printf '%s\n' "$name"; fi
  done
}

passwordless() {
  local name
  for name in "${!password_of[@]}"; do
    [[ -n ${password_of[$name]} ]] || printf '%s\n' "$name"
  done
}
