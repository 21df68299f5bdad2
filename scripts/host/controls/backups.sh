#!/usr/bin/env bash
# backups: encrypted backups every night, and of the binary logs every few minutes, on two servers
#
# Threat:  data that is lost with its server; backups that a thief can read, that nobody can restore, or
#          that have stopped without anybody noticing; a dump in plain text that stays behind on a disk.
# Source:  guide, backups. Its retention keeps the oldest ones, and its passphrase is cut at a newline.
# Changes: the programs and units of backup and restore, their keys and settings, /var/backups/stronghold.
#          Makes the first full backup. An archive is removed by the program's own rules alone.
# needs:   age jq openssh-client python3 zstd
# checks:  BACKUPS-01 G14, BACKUPS-02 G14, BACKUPS-03 G14, BACKUPS-04 G14, BACKUPS-05 G15, BACKUPS-06 G14, BACKUPS-07 G16, BACKUPS-08 G14, BACKUPS-09 G14
# shellcheck shell=bash

readonly BACKUPS=/etc/stronghold/backups SPOOL=/var/backups/stronghold PROGRAM=/usr/local/sbin/stronghold-backup
readonly SYSTEM_UNITS=/etc/systemd/system TIMERS=(stronghold-backup.timer stronghold-backup-logs.timer)
readonly FIRST_FULL_SECONDS=14400

takes ENGINE '^(mysql|mariadb)$'
takes SCHEMA '^[a-z][a-z0-9_]{0,31}$'
takes ORIGIN '^[a-z0-9-]{1,64}$'
takes RECIPIENTS_B64 "$SHAPE_BASE64"
takes SIGNING_KEY_B64 "$SHAPE_BASE64"
takes TIME '^([01][0-9]|2[0-3]):[0-5][0-9]$'
takes KEEP '^[1-9][0-9]{0,2}$'
takes SIZE_CHANGE_PERCENT '^[1-9][0-9]{0,3}$'
takes LOG_MINUTES '^([1-9]|[1-5][0-9]|60)$'
takes VAULT_HOST '^[0-9]{1,3}(\.[0-9]{1,3}){3}$'
takes VAULT_HOST_KEY_B64 "$SHAPE_BASE64"
takes PUSH_KEY_B64 "$SHAPE_BASE64"

# shellcheck source-path=SCRIPTDIR/backups source=backups/checks.sh
source "$HOST_DIR/controls/backups/checks.sh"

audit() {
  load_wanted
  load_status
  check BACKUPS-01 "G14 the programs and units of backup and restore are ours" files_are_exact programs
  check BACKUPS-02 "G14 keys, recipients and settings are the stack's, and root's alone" settings_are_exact
  check BACKUPS-03 "G14 a full backup is due every day at ${PARAM[TIME]}, and the logs every ${PARAM[LOG_MINUTES]} minutes" timers_run
  check BACKUPS-04 "G14 the newest full backup is of the last $LATE_HOURS hours, whole, signed, and for the recipients" newest_is_good
  check BACKUPS-05 "G15 the vault has the newest full backup, and nothing has waited for an hour" all_is_shipped
  check BACKUPS-06 "G14 nothing on this server's disks could decrypt a backup, or is one in plain text" nothing_is_plain
  check BACKUPS-07 "G16 the binary logs are archived every ${PARAM[LOG_MINUTES]} minutes" logs_are_archived
  check BACKUPS-08 "G14 the newest ${PARAM[KEEP]} full backups are kept, and no more" retention_holds
  check BACKUPS-09 "G14 what watches over the backups finds nothing wrong" nothing_is_wrong
}

apply() {
  load_wanted
  [[ -x /usr/bin/${PARAM[ENGINE]} ]] ||
    refuse BACKUPS-00 "${PARAM[ENGINE]} is not installed, apply the control packages with its server and client"
  make_folders < <(wanted_folders)
  if ! files_are_exact programs >/dev/null; then renewed=yes; fi
  put_files
  remove_listed < <(surplus settings && surplus programs)
  load_units
  load_status
  make_due
  if ! retention_holds >/dev/null; then run_program ship; fi
}

load_units() {
  local unit
  local -a stale=()
  read_units "${UNITS[@]}"
  ask_units ActiveState,WantedBy "${TIMERS[@]}"
  for unit in "${TIMERS[@]}"; do
    if [[ $renewed == no ]] && is_due "$unit" >/dev/null; then continue; fi
    stale+=("$unit")
  done
  if ((${#stale[@]} == 0)); then return 0; fi
  quietly systemctl enable "${stale[@]}"
  quietly systemctl restart "${stale[@]}"
  changed "started ${stale[*]}"
}

# make_due: the first full backup, so that the whole way is proved before anybody relies on it; and another
# one if the newest is of no use any more, for other recipients for instance. Also what ships it.
make_due() {
  if ! newest_is_good >/dev/null; then
    run_unit stronghold-backup.service
    changed "made a full backup"
  fi
  if ! logs_are_archived >/dev/null || ! all_is_shipped >/dev/null || ! nothing_is_wrong >/dev/null; then
    run_unit stronghold-backup-logs.service
  fi
  # What went wrong with the last one, or lies between two, is over with the next.
  if is_failed; then
    run_unit stronghold-backup.service
    changed "made a full backup, as the last one had failed or logs are missing"
  fi
}

# run_unit UNIT: within its confines, as every night. What goes wrong is the audit's to tell.
run_unit() {
  systemctl reset-failed "$1" 2>/dev/null || true
  timeout "$FIRST_FULL_SECONDS" systemctl start "$1" &>/dev/null || true
  load_status
}

run_program() { timeout "$FIRST_FULL_SECONDS" "$PROGRAM" "$1" &>/dev/null || true; }
