# shellcheck shell=bash
# accounts/doors: closes what is open to anyone but the listed; runs once the listed can get in.

# shellcheck source=checks.sh
source "$HOST_DIR/controls/accounts/checks.sh"

readonly SUDOERS=/etc/sudoers.d/stronghold-deployer

close_doors() {
  local name
  ask_for_passwords
  for name in $(root_aliases); do
    # An alias has nothing of its own that locking it would keep, and its processes are root's.
    quietly userdel --force "$name"
    changed "deleted $name, a second name of root"
  done
  load_found
  for name in $( (leavers && strangers) | sort -u); do
    is_shut_out "$name" >/dev/null || shut_out "$name"
  done
  for name in "$deployer" $(passwordless); do
    if has_password "$name"; then
      quietly usermod --lock "$name"
      changed "locked the password of $name"
    fi
  done
  empty_groups
  remove_keys "$(home root)" root
  close_homes
}

# Files of images and of first boots; sudo's own file is a person's to mend, the audit names its line.
ask_for_passwords() {
  local file
  for file in /etc/sudoers.d/*; do
    [[ -f $file && $file != "$SUDOERS" ]] || continue
    if grep -Eq '^[^#]*(NOPASSWD|!authenticate)' -- "$file"; then
      rm -f -- "$file"
      changed "removed $file, which let sudo skip the password"
    fi
  done
}

# shut_out NAME: no password, key, session or job of the account works any more. Nothing is deleted
# but the keys. The sessions end first, so that nobody is left to plant a link where root removes keys.
shut_out() {
  local name=$1 tries
  quietly usermod --lock --expiredate 1 "$name"
  changed "shut out $name"
  # A second name of a listed account: its processes and keys are that account's.
  if shares_with_listed "$name"; then return 0; fi
  rm -f -- "/var/lib/systemd/linger/$name"
  # The slice also holds what the user started as root; where there is none, pkill is what is left.
  systemctl kill --signal=KILL "user-${uid_of[$name]}.slice" 2>/dev/null || true
  pkill -KILL -u "$name" || true
  for ((tries = 0; tries < 50; tries++)); do
    if ! pgrep -u "$name" >/dev/null; then break; fi
    sleep 0.1
  done
  remove_keys "$(home "$name")" "$name"
}

shares_with_listed() {
  local other
  for other in "${!keys_of[@]}"; do
    if [[ ${uid_of[$other]} == "${uid_of[$1]}" || $(home "$other") == "$(home "$1")" ]]; then return 0; fi
  done
  return 1
}

remove_keys() {
  if [[ -L $1/.ssh ]]; then rm -f -- "$1/.ssh"; fi
  if no_keys "$1" >/dev/null; then return 0; fi
  rm -f -- "$1"/.ssh/authorized_keys "$1"/.ssh/authorized_keys2
  changed "removed the keys of $2"
}

empty_groups() {
  local group name
  for group in $(opening_groups); do
    for name in $(members "$group"); do
      if is_member_by_right "$name" "$group"; then continue; fi
      quietly gpasswd --delete "$name" "$group"
      changed "took $name out of the group $group"
    done
  done
}

close_homes() {
  local name home
  for name in $(open_homes); do
    home=$(home "$name")
    chmod go-w -- "$home"
    changed "made $home writable by its owner alone"
  done
}
