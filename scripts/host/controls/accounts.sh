#!/usr/bin/env bash
# accounts: the people of the settings and the deployer, their keys and sudo; nobody else can log in
#
# Threat:  a leaver's key that still works, a forgotten account with a password, sudo for the asking.
# Source:  guide, users and SSH keys; ADMINS_B64 is the whole list of people, `name<TAB>public key`.
# Changes: accounts, their groups, homes and authorized_keys; sudoers.d. An account that is not (or no
#          longer) listed is shut out, never deleted: its files may be evidence.
#          On a backup server also the account that backups arrive by.
# needs:   sudo openssh-server procps
# checks:  ACCOUNTS-01 G05, ACCOUNTS-02 G05, ACCOUNTS-03 G05, ACCOUNTS-04 G05, ACCOUNTS-05 P04, ACCOUNTS-06 G04, ACCOUNTS-07 G04, ACCOUNTS-08 G04, ACCOUNTS-09 G05, ACCOUNTS-10 G05, ACCOUNTS-11 G05, ACCOUNTS-12 G05, ACCOUNTS-13 G05, ACCOUNTS-14 G15
# shellcheck shell=bash

takes DEPLOYER "$SHAPE_ACCOUNT"
takes DEPLOYER_KEYS_B64 "$SHAPE_BASE64"
takes DEPLOYER_FROM "$SHAPE_CIDRS"
takes ADMINS_B64 "$SHAPE_BASE64"
takes RECEIVER_KEYS_B64 "$SHAPE_BASE64" ''
takes RECEIVER_FROM "^(${SHAPE_CIDRS:1:-1})?\$" ''

# shellcheck source-path=SCRIPTDIR/accounts source=accounts/doors.sh
source "$HOST_DIR/controls/accounts/doors.sh"

audit() {
  load_wanted
  load_found
  check ACCOUNTS-01 "G05 every admin has an account that can log in and use sudo" admins_are_set_up
  check ACCOUNTS-02 "G05 the deployer logs in by key alone and is in no group of people" deployer_is_set_up
  check ACCOUNTS-03 "G05 homes are their owner's alone" homes_are_private
  check ACCOUNTS-04 "G05 ~/.ssh and authorized_keys hold just the settings' keys, 700 and 600" keys_are_exact "${people[@]}"
  check ACCOUNTS-05 "P04 the deployer's keys work from the operator's addresses only" keys_are_exact "$deployer"
  check ACCOUNTS-06 "G04 sudo asks everyone for a password; the one exception is $deployer" sudo_asks
  check ACCOUNTS-07 "G04 sudo's rules are valid" visudo -c -q
  check ACCOUNTS-08 "G04 nobody else is in the groups that open ssh and sudo" groups_are_exact
  check ACCOUNTS-09 "G05 people who are no longer listed are shut out" leavers_are_out
  check ACCOUNTS-10 "G05 no other account has a shell together with a password or keys" strangers_are_out
  check ACCOUNTS-11 "G05 only root is user 0" only_root_is_root
  check ACCOUNTS-12 "G05 root has no authorized keys" no_keys "$(home root)"
  check ACCOUNTS-13 "G05 no account has an empty password" no_empty_password
  if [[ -z $receiver ]]; then return 0; fi
  check ACCOUNTS-14 "G15 $RECEIVER's keys push and do nothing else, and it owns nothing" receiver_is_set_up
}

# What opens a door comes before what closes one, so that a run that dies in the middle locks nobody out.
apply() {
  local name
  load_wanted
  load_found
  refuse_system_accounts
  make_groups
  for name in "$deployer" "${people[@]}"; do
    make_account "$name"
    load_found
    make_home "$name"
    put_keys "$name"
  done
  make_receiver
  put_file "$SUDOERS" 440 root:root visudo -c -q -f \
    <<<"$(render "accounts$SUDOERS" DEPLOYER="$deployer")"
  close_doors
}

# A name of the settings that is an account of the system would hand that account to a person.
refuse_system_accounts() {
  local name
  for name in "$deployer" "${people[@]}"; do
    if exists "$name"; then
      ((${uid_of[$name]} >= 1000)) || refuse ACCOUNTS-01 "$name is an account of the system, choose another name"
    elif getent group "$name" >/dev/null; then
      refuse ACCOUNTS-01 "$name is a group of the system, choose another name"
    fi
  done
}

make_groups() {
  local group
  for group in "$LOGIN_GROUP" "$MANAGED_GROUP"; do
    if getent group "$group" >/dev/null; then continue; fi
    quietly groupadd --system "$group"
    changed "made the group $group"
  done
}

make_account() {
  local name=$1 group
  local -a groups=("$LOGIN_GROUP")
  [[ $name == "$deployer" ]] || groups+=("$SUDO_GROUP" "$MANAGED_GROUP")
  if ! exists "$name"; then
    # Without a password: the control passwords issues the first one.
    quietly useradd --create-home --shell /bin/bash "$name"
    changed "made the account $name"
  elif [[ ${shell_of[$name]} != /bin/bash ]] || is_expired "$name"; then
    quietly usermod --shell /bin/bash --expiredate '' "$name"
    changed "let $name log in again"
  fi
  make_whole "$name"
  for group in "${groups[@]}"; do
    if in_group "$name" "$group"; then continue; fi
    quietly usermod --append --groups "$group" "$name"
    changed "put $name in the group $group"
  done
}

make_home() {
  local home
  home=$(home "$1")
  if [[ $(stat -c '%a %U' -- "$home" 2>/dev/null) == "700 $1" ]]; then return 0; fi
  install -d -m 700 -o "$1" -g "$(id -gn -- "$1")" -- "$home"
  changed "made $home private"
}

# put_keys NAME: written as that user, because a link planted in a home must not steer root's hand.
put_keys() {
  local name=$1 home
  home=$(home "$name")
  if keys_are_exact "$name" >/dev/null; then return 0; fi
  if [[ -e $home/.ssh ]]; then chown -h "$name:" -- "$home/.ssh"; fi
  # shellcheck disable=SC2016 # expanded by the inner shell
  setpriv --reuid "$name" --regid "$(id -g -- "$name")" --init-groups --reset-env bash -euc '
    umask 077
    cd
    [[ -d .ssh && ! -L .ssh ]] || rm -rf .ssh
    mkdir -p .ssh
    chmod 700 .ssh
    rm -f .ssh/authorized_keys2 .ssh/.stronghold.*
    fresh=$(mktemp .ssh/.stronghold.XXXXXX)
    cat >"$fresh"
    mv -T "$fresh" .ssh/authorized_keys
  ' <<<"${keys_of[$name]%$'\n'}"
  changed "set the keys of $name"
}
