# shellcheck shell=bash
# accounts/checks: how who can log in differs from who shall. Each prints why it fails.

# shellcheck source=receiver.sh
source "$HOST_DIR/controls/accounts/receiver.sh"

readonly LOGIN_GROUP=ssh-users SUDOERS_RS=/etc/sudoers-rs

admins_are_set_up() {
  local name group ok=0
  for name in "${people[@]}"; do
    exists "$name" || no "$name has no account" || { ok=1 && continue; }
    is_whole "$name" || ok=1
    [[ ${shell_of[$name]} == /bin/bash ]] || no "$name has shell ${shell_of[$name]}" || ok=1
    ! is_expired "$name" || no "$name is expired" || ok=1
    for group in "$SUDO_GROUP" "$LOGIN_GROUP" "$MANAGED_GROUP"; do
      in_group "$name" "$group" || no "$name is not in $group" || ok=1
    done
  done
  return "$ok"
}

deployer_is_set_up() {
  local group ok=0
  exists "$deployer" || no "$deployer has no account" || return
  is_whole "$deployer" || ok=1
  [[ ${shell_of[$deployer]} == /bin/bash ]] || no "shell ${shell_of[$deployer]}" || ok=1
  ! is_expired "$deployer" || no "expired" || ok=1
  ! has_password "$deployer" || no "has a password" || ok=1
  in_group "$deployer" "$LOGIN_GROUP" || no "not in $LOGIN_GROUP" || ok=1
  return "$ok"
}

homes_are_private() {
  local name ok=0
  for name in "$deployer" "${people[@]}"; do
    [[ $(stat -c '%a %U' -- "$(home "$name")" 2>&1) == "700 $name" ]] || no "$(home "$name")" || ok=1
  done
  for name in $(open_homes); do
    no "$(home "$name") can be written by others" || ok=1
  done
  return "$ok"
}

keys_are_exact() {
  local name home ok=0
  for name in "$@"; do
    home=$(home "$name")
    [[ ! -L $home/.ssh && $(stat -c '%a %U' -- "$home/.ssh" 2>&1) == "700 $name" ]] ||
      no "$home/.ssh is not a folder of mode 700 owned by $name" || ok=1
    own_keys_match "$name" || no "$home/.ssh/authorized_keys differs" || ok=1
    [[ ! -e $home/.ssh/authorized_keys2 ]] || no "$home/.ssh/authorized_keys2 exists" || ok=1
  done
  return "$ok"
}

own_keys_match() {
  local file
  file="$(home "$1")/.ssh/authorized_keys"
  is_file "$file" 600 "$1:$(id -gn -- "$1" 2>/dev/null)" "${keys_of[$1]%$'\n'}" 2>/dev/null
}

# sudo_rules: cvtsudoers reads as sudo does, with every include and alias, so that no file is overlooked.
# Where sudo-rs is sudo, as on Ubuntu 26.04, it lies beside it under another name.
sudo_rules() {
  local converter
  converter=$(command -v cvtsudoers || command -v cvtsudoers.ws) || return
  "$converter" -e -f sudoers /etc/sudoers
}

sudo_asks() {
  local rules line ok=0
  rules=$(sudo_rules) || no "cvtsudoers does not read /etc/sudoers" || return
  # sudo-rs reads it in place of the other, if it is there (sudoers-rs(5)).
  [[ ! -e $SUDOERS_RS ]] || no "$SUDOERS_RS takes the place of /etc/sudoers" || ok=1
  while IFS= read -r line; do
    [[ $line =~ NOPASSWD|!authenticate ]] || continue
    [[ $line =~ ^"$deployer"[[:blank:]]+ALL ]] || no "$line" || ok=1
  done <<<"$rules"
  [[ $rules =~ (^|$'\n')"$deployer "[^$'\n']*NOPASSWD ]] || no "the rule of $deployer is missing" || ok=1
  return "$ok"
}

groups_are_exact() {
  local group name ok=0
  for group in $(opening_groups); do
    for name in $(members "$group"); do
      is_member_by_right "$name" "$group" || no "$name in $group" || ok=1
    done
  done
  return "$ok"
}

leavers_are_out() {
  local name ok=0
  for name in $(leavers); do
    is_shut_out "$name" || ok=1
  done
  return "$ok"
}

is_shut_out() {
  is_expired "$1" || no "$1 is not expired" || return
  ! has_password "$1" || no "$1 has a password" || return
  no_keys "$(home "$1")" || return
  ! pgrep -u "$1" >/dev/null || no "$1 has running processes"
}

strangers_are_out() {
  local names
  names=$(strangers | sort | paste -sd ' ')
  [[ -z $names ]] || no "$names"
}

only_root_is_root() {
  local names
  names=$(root_aliases | paste -sd ' ')
  [[ -z $names ]] || no "$names"
}

no_empty_password() {
  local names
  names=$(passwordless | paste -sd ' ')
  [[ -z $names ]] || no "$names"
}

no_keys() {
  local file
  for file in "$1"/.ssh/authorized_keys "$1"/.ssh/authorized_keys2; do
    [[ ! -s $file ]] || no "$file" || return
  done
}
