#!/usr/bin/env bash
# vault: takes in the database server's backups; its key can add a file, and neither read nor remove one
#
# Threat:  who has broken into the database server also deletes, changes or reads the backups; a full
#          disk; junk that pushes the good ones out; backups that stop arriving without anybody noticing.
# Source:  guide, backups: keep them where the database server's own keys cannot reach.
# Changes: the account stronghold-vault, /srv/stronghold-vault, the programs and units that take files in,
#          retire and watch them, /usr/local/sbin/stronghold-vault. What is kept is never touched.
# needs:   openssh-server socat
# checks:  VAULT-01 G15, VAULT-02 G15, VAULT-03 G15, VAULT-04 G15, VAULT-05 G15, VAULT-06 G15, VAULT-07 G15, VAULT-08 G15, VAULT-09 G15
# shellcheck shell=bash

readonly VAULT=/srv/stronghold-vault VAULT_OWNER=stronghold-vault RECEIVER=stronghold-push
readonly VAULT_STATE=/var/lib/stronghold/vault LIBRARY=/usr/local/lib/stronghold-vault
readonly SYSTEM_UNITS=/etc/systemd/system SOCKET=stronghold-vault.socket
readonly TIMERS=(stronghold-vault-retire.timer stronghold-vault-check.timer)

takes QUOTA_MB '^[1-9][0-9]{0,7}$'
takes KEEP_DAYS '^[1-9][0-9]{0,3}$'
takes LATE_HOURS '^[1-9][0-9]{0,3}$' 26

# shellcheck source-path=SCRIPTDIR/vault source=vault/checks.sh
source "$HOST_DIR/controls/vault/checks.sh"

audit() {
  load_wanted
  check VAULT-01 "G15 the account that owns nothing but what is on its way cannot log in, and is alone in its group" is_locked "$VAULT_OWNER" /
  check VAULT-02 "G15 sshd lets $RECEIVER push and do nothing else, and refuses it from everywhere else" sshd_forces_push
  check VAULT-03 "G15 the programs, units and settings of the vault are ours" files_are_exact
  check VAULT-04 "G15 the vault listens to $RECEIVER alone, and is confined as written" socket_is_on
  check VAULT-05 "G15 the folders of the vault are root's; nobody else can remove or replace a file" folders_are_closed
  check VAULT-06 "G15 what is kept is root's, read-only, and nothing but archives and manifests" kept_is_ours
  check VAULT-07 "G15 the quota is not reached, and the disk has room for it" quota_holds
  check VAULT-08 "G15 old files are retired once a day, and lateness and the quota are watched" timers_run
  check VAULT-09 "G15 a full backup has arrived within ${PARAM[LATE_HOURS]} hours" backups_arrive
}

apply() {
  local renewed=no unit
  local -a stale=()
  load_wanted
  # The socket would else start without a group to be for.
  getent passwd "$RECEIVER" >/dev/null ||
    refuse VAULT-02 "there is no account $RECEIVER; apply the control accounts with RECEIVER_KEYS_B64"
  make_locked "$VAULT_OWNER" /
  make_folders < <(wanted_folders)
  if [[ ! -f $VAULT_STATE/since ]]; then date +%s >"$VAULT_STATE/since"; fi
  # Read by the account that takes files in: all that a lock needs is to be opened.
  put_file "$VAULT/lock" 644 root:root <<<''
  if ! files_are_exact >/dev/null; then renewed=yes; fi
  put_files
  remove_listed < <(surplus)
  read_units "${UNITS[@]}"
  for unit in "$SOCKET" "${TIMERS[@]}"; do
    if [[ $renewed == no ]] && is_right "$unit" >/dev/null; then continue; fi
    stale+=("$unit")
  done
  if ((${#stale[@]} > 0)); then
    quietly systemctl enable "${stale[@]}"
    quietly systemctl restart "${stale[@]}"
    changed "started ${stale[*]}"
  fi
  for unit in "${TIMERS[@]/%.timer/.service}"; do
    # Whether it does any better now is for the audit.
    runs_well "$unit" >/dev/null || systemctl restart "$unit" &>/dev/null || true
  done
  close_kept
}

is_right() {
  if [[ $1 == "$SOCKET" ]]; then socket_is_right; else is_running "$1"; fi
}

# close_kept: only who may do what with a file is mended. A file of another name is evidence, for a
# person to look at.
close_kept() {
  local path
  while IFS= read -r -d '' path; do
    chown root:root -- "$path"
    chmod 400 -- "$path"
    changed "made $path root's, and read-only"
  done < <(find "$VAULT/files" -maxdepth 1 -type f \( ! -user root -o ! -group root -o ! -perm 400 \) -print0)
}
