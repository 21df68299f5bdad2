# shellcheck shell=bash
# system/mend: changes what differs.

put_wanted() {
  local path
  units_are_known=yes
  for path in "${PATHS[@]}"; do
    [[ -d ${path%/*} ]] || install -d -m 755 -- "${path%/*}"
    if [[ $path == *.service* ]] && ! are_exact "$path" >/dev/null; then units_are_known=no; fi
  done
  put_files
}

put_login_defs() {
  put_file "$LOGIN_DEFS" 644 root:root <<<"$(login_defs_text)"
}

mend_modes() {
  local path
  for path in $(loose_paths); do
    chown root:root -- "$path"
    # Nothing that is closed already is opened by this.
    # With zeros in front, or a folder would keep its set-user-id bit.
    chmod "$(printf '00%o' $((8#$(stat -c %a -- "$path") & 8#${STRICT_MODES[$path]})))" -- "$path"
    changed "closed $path"
  done
}

# mend_units: a unit that was masked or disabled by hand is wanted again. To enable one has systemd read all anew.
mend_units() {
  local unit name
  for unit in sysinit.target/$MOUNTS_UNIT sysinit.target/apparmor.service multi-user.target/auditd.service; do
    name=${unit#*/}
    if starts_with "${unit%/*}" "$name" >/dev/null; then continue; fi
    if [[ -L /etc/systemd/system/$name ]]; then quietly systemctl unmask "$name"; fi
    quietly systemctl enable "$name"
    units_are_known=yes
    changed "made $name start at boot"
  done
  if [[ $units_are_known == no ]]; then quietly systemctl daemon-reload; fi
}

mend_mounts() {
  if [[ -z $(open_folders) ]]; then return 0; fi
  quietly systemctl restart "$MOUNTS_UNIT"
  changed "has nothing run from ${SHARED_FOLDERS[*]} any more"
}

mend_audit() {
  if is_container; then
    # The package has tried to start it.
    systemctl reset-failed auditd.service audit-rules.service 2>/dev/null || true
    return 0
  fi
  if audit_is_on >/dev/null && apparmor_is_on >/dev/null; then return 0; fi
  quietly systemctl restart apparmor.service
  quietly systemctl start auditd.service
  quietly augenrules --load
  changed "started auditd and AppArmor with their rules"
}

mend_compilers() {
  local path
  for path in $(open_compilers); do
    chmod o-rwx -- "$path"
    changed "closed $path to all but root"
  done
}
