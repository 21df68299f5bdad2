# shellcheck shell=bash
# owners: accounts that something runs as, or belongs to, and that nobody logs in with: locked, without a shell, alone
# in their group.

# is_locked ACCOUNT HOME
is_locked() {
  local entry uid home shell groups
  entry=$(getent passwd "$1") || no "there is no account $1" || return
  IFS=: read -r _ _ uid _ _ home shell <<<"$entry"
  ((uid > 0 && uid < 1000)) || no "$1 is user $uid" || return
  [[ $shell == /usr/sbin/nologin && $home == "$2" ]] || no "the shell of $1 is $shell, its home $home" || return
  [[ $(getent shadow "$1" | cut -d : -f 2) =~ ^[!*] ]] || no "$1 has a password" || return
  groups=$(id -nG -- "$1")
  [[ $groups == "$1" ]] || no "$1 is in the groups $groups" || return
  [[ -z $(other_members "$1") ]] || no "in the group of $1: $(other_members "$1")"
}

other_members() { getent group "$1" | cut -d : -f 4 | tr ',' ' '; }

# make_locked ACCOUNT HOME [UNIT...]: the units run as it, and are stopped where it is mended: an account that is in use
# keeps its home.
make_locked() {
  local account=$1 home=$2 member
  shift 2
  if ! getent passwd "$account" >/dev/null; then
    quietly useradd --system --user-group --no-create-home --home-dir "$home" --shell /usr/sbin/nologin "$account"
    changed "made the account $account"
  fi
  make_whole "$account"
  if is_locked "$account" "$home" >/dev/null; then return 0; fi
  for member in $(other_members "$account"); do
    quietly gpasswd --delete "$member" "$account"
  done
  if (($# > 0)); then systemctl stop "$@" 2>/dev/null || true; fi
  quietly usermod --lock --groups '' --home "$home" --shell /usr/sbin/nologin "$account"
  changed "took from $account what it shall not have"
}
