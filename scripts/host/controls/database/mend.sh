# shellcheck shell=bash
# database/mend: brings the server itself to what the settings say, with as little of a pause as may be.

# shellcheck source-path=SCRIPTDIR source=checks.sh
source "$HOST_DIR/controls/database/checks.sh"

mend_unit() {
  if unit_is_unread; then quietly systemctl daemon-reload; fi
  if [[ " $(systemctl show --property=WantedBy --value "$UNIT.service") " != *" multi-user.target "* ]]; then
    quietly systemctl enable "$UNIT.service"
    changed "made $UNIT start at boot"
  fi
}

# unit_is_unread: systemd's own word, and for a folder of drop-ins that is new what it has read: up to 255, as
# on Ubuntu 24.04, it remembers that there was none.
unit_is_unread() {
  local need drop_ins
  need=$(systemctl show --property=NeedDaemonReload --value "$UNIT.service")
  drop_ins=$(systemctl show --property=DropInPaths --value "$UNIT.service")
  [[ $need != no || " $drop_ins " != *" /etc/systemd/system/$UNIT.service.d/zz-stronghold.conf "* ]]
}

guard_data() {
  local member
  if [[ -n $(open_files) ]]; then
    open_files | xargs -r -d '\n' chmod g-w,o-rwx --
    open_files | xargs -r -d '\n' chown mysql:mysql --
    changed "closed files of the database to others"
  fi
  if ! has_no_shell; then
    quietly usermod --shell /usr/sbin/nologin mysql
    changed "took the account mysql its shell"
  fi
  if ! is_locked; then
    quietly usermod --lock mysql
    changed "took the account mysql its password"
  fi
  for member in $(members | tr , ' '); do
    quietly gpasswd --delete "$member" mysql
    changed "took $member out of the group mysql"
  done
}

# mend_server: what can be changed while it runs is; a restart is the last resort.
mend_server() {
  local before statement
  read_server
  if [[ -z $silence ]] && listens_privately >/dev/null && ! obeys >/dev/null; then
    before=$(obeys || true)
    while IFS= read -r statement; do sql <<<"$statement" &>/dev/null || true; done < <(settings_to_set)
    read_server
    if [[ $(obeys) != "$before" ]]; then changed "told the running $UNIT: $before"; fi
  fi
  if [[ -n $silence ]] || ! obeys >/dev/null || ! listens_privately >/dev/null; then
    restart_server
    read_server
  fi
  if ! certificate_is_served >/dev/null; then reload_certificate; fi
}

settings_to_set() {
  local name value
  for name in "${!setting[@]}"; do
    value=${setting[$name]}
    if [[ ${running[$name]-} == "$value" ]]; then continue; fi
    [[ $value =~ ^([0-9.]+|ON|OFF)$ ]] || value="'$value'"
    printf 'SET GLOBAL %s = %s;\n' "$name" "$value"
  done
}

reload_certificate() {
  local how='FLUSH LOCAL SSL'
  if is_mysql; then how='ALTER INSTANCE RELOAD TLS'; fi
  tell <<<"$how"
  changed "gave $UNIT its certificate"
}

keep_logs() {
  if ! logs_are_there >/dev/null && answers; then
    tell <<<'FLUSH LOCAL ERROR LOGS, SLOW LOGS, GENERAL LOGS'
    changed "began logs anew"
  fi
  if systemctl --quiet is-active logrotate.timer && systemctl --quiet is-enabled logrotate.timer; then return 0; fi
  quietly systemctl enable --now logrotate.timer
  changed "started the rotation of logs"
}
