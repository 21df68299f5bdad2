#!/usr/bin/env bash
# audit: the server audits itself every night, with controls that are root's, and tells of what has changed
#
# Threat:  what somebody changes by hand, or an upgrade by itself, is noticed when it is used against us.
# Source:  "paranoid" design: integrity is watched, and a change raises an alert.
# Changes: /usr/local/lib/stronghold, a copy of the controls that only root can change; the program
#          stronghold-audit, its timer, and what it has found so far in /var/lib/stronghold/audit.
# needs:   coreutils
# checks:  AUDIT-01 P02, AUDIT-02 P02, AUDIT-03 P02, AUDIT-04 P02, AUDIT-05 P02, AUDIT-06 P02, AUDIT-07 P02, AUDIT-08 P01, AUDIT-09 P01, AUDIT-10 P02
# shellcheck shell=bash

readonly COPY=/usr/local/lib/stronghold PROGRAM=/usr/local/sbin/stronghold-audit
readonly AUDIT_UNITS=/etc/systemd/system LATE_HOURS=26
readonly TIMER=stronghold-audit.timer SERVICE=stronghold-audit.service

# What the copy is made of: lines of `sha256sum`. More than the bundle may lie in its folder, from earlier ones.
takes MANIFEST_B64 "$SHAPE_BASE64"
takes CONTROLS '^[a-z][a-z-]*( [a-z][a-z-]*)*$'

# shellcheck source-path=SCRIPTDIR/audit source=audit/checks.sh
source "$HOST_DIR/controls/audit/checks.sh"
# shellcheck source=audit/drift.sh
source "$HOST_DIR/controls/audit/drift.sh"

audit() {
  load_wanted
  check AUDIT-01 "P02 the controls that this server audits itself with are the stack's, and root's alone" copy_is_exact
  check AUDIT-02 "P02 of every control it is known with what it was applied" all_is_remembered
  check AUDIT-03 "P02 the program, its timer and its state are ours and root's alone" files_are_exact
  check AUDIT-04 "P02 the server audits itself every night" audits_nightly
  load_drift
  check AUDIT-05 "P02 files are as the stack and the packages have made them" unchanged file
  check AUDIT-06 "P02 packages are those that were there when the stack last changed this server, or newer" unchanged package
  check AUDIT-07 "P02 accounts and groups are those that were there when the stack last changed this server" unchanged account group
  check AUDIT-08 "P01 nothing listens that did not when the stack last changed this server" unchanged port
  check AUDIT-09 "P01 services and timers run that did then, and no program that is no package's" unchanged unit program
  check AUDIT-10 "P02 no program was given more rights than those of whoever starts it" unchanged right
}

apply() {
  local renewed=no
  load_wanted
  install -d -m 700 -o root -g root -- "$STATE_DIR" "$AUDIT_STATE"
  grep -qsxE '[0-9]{1,12}' -- "$AUDIT_STATE/start" || date +%s >"$AUDIT_STATE/start"
  close_memory
  renew_baseline
  copy_bundle
  if ! files_are_exact >/dev/null; then renewed=yes; fi
  remove_listed < <(surplus)
  put_files
  if [[ $renewed == yes ]]; then quietly systemctl daemon-reload; fi
  if [[ $renewed == yes ]] || ! timer_runs >/dev/null; then
    quietly systemctl enable "$TIMER"
    quietly systemctl restart "$TIMER"
    changed "started $TIMER"
  fi
  # Last of all, when every other control has done its work.
  if [[ ! -f $BASELINE ]]; then
    keep_world "$BASELINE"
    changed "noted what the server consists of, to notice what is changed by hand"
  fi
}

# close_memory: whoever opened it was root, so what it says is root's word still.
close_memory() {
  local path
  install -d -m 700 -o root -g root -- "$MEMORY_DIR"
  while IFS= read -r path; do
    chown root:root -- "$path"
    chmod 600 -- "$path"
    changed "made $path root's alone"
  done < <(find "$MEMORY_DIR" -maxdepth 1 -type f \( ! -user root -o -perm /077 \))
}

# copy_bundle: whole, and in one step: an audit that is at work reads the old one or the new one.
copy_bundle() {
  local fresh=$COPY.fresh
  if copy_is_exact >/dev/null; then return 0; fi
  rm -rf -- "$fresh" "$COPY.old"
  install -d -m 755 -o root -g root -- "$fresh"
  (cd -- "$HOST_DIR" && wanted_files | tar --create --no-recursion --files-from=-) |
    tar --extract --directory="$fresh" --no-same-owner --no-same-permissions
  chmod -R u=rwX,go=rX -- "$fresh"
  if ! (cd -- "$fresh" && sha256sum --check --status --strict <<<"$manifest"); then
    rm -rf -- "$fresh"
    die 70 "$HOST_DIR is not the bundle that the stack has copied there; have it copied again: pulumi up --replace '**-hardening-bundle'"
  fi
  sync -f -- "$fresh"
  [[ ! -e $COPY ]] || mv -T -- "$COPY" "$COPY.old"
  mv -T -- "$fresh" "$COPY"
  rm -rf -- "$COPY.old"
  changed "copied the controls to $COPY"
}
