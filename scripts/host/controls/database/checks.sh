# shellcheck shell=bash
# database/checks: how the server differs from the settings. Each prints why it fails.

# shellcheck source-path=SCRIPTDIR source=wanted.sh
source "$HOST_DIR/controls/database/wanted.sh"

is_up() { [[ -z $silence ]] || no "$silence"; }

# What listens is asked of the kernel, and of whatever process: only the network's own port may be open.
listens_privately() {
  local found
  found=$(ss -H -l -n -t -p | awk '/"(mysqld|mariadbd)"/ { print $4 }' | sort -u | paste -sd ' ') || return
  [[ $found == "${PARAM[BIND_ADDRESS]}:3306" ]] || no "it listens on ${found:-no address}" || return
  [[ -S $SOCKET ]] || no "there is no $SOCKET"
}

runs_always() {
  local name value asked=ActiveState,WantedBy,After,Wants,NeedDaemonReload,Restart,RestartUSec,StartLimitIntervalUSec
  local -A unit=()
  while IFS='=' read -r name value; do unit[$name]=$value; done < <(systemctl show --property="$asked" "$UNIT.service")
  [[ ${unit[ActiveState]-} == active ]] || no "$UNIT is not running" || return
  [[ " ${unit[WantedBy]-} " == *" multi-user.target "* ]] || no "it does not start at boot" || return
  for name in After Wants; do
    [[ " ${unit[$name]-} " == *" network-online.target "* ]] || no "it does not wait for the network" || return
  done
  [[ ${unit[NeedDaemonReload]-} == no ]] || no "systemd has not read its unit" || return
  while read -r name value; do
    [[ ${unit[$name]-} == "$value" ]] || no "$name is ${unit[$name]-unknown}" || return
  done <<<$'Restart always\nRestartUSec 2s\nStartLimitIntervalUSec 0'
}

data_is_guarded() {
  local surplus
  are_folders < <(wanted_folders) || return
  surplus=$(open_files | sed 1q)
  [[ -z $surplus ]] || no "$surplus is somebody else's as well" || return
  has_no_shell || no "the account mysql has a shell" || return
  is_locked || no "the account mysql has a password" || return
  surplus=$(members)
  [[ -z $surplus ]] || no "the group mysql has members: $surplus"
}

has_no_shell() { [[ $(getent passwd mysql | cut -d : -f 7) =~ ^(/usr)?(/s?bin)?/(false|nologin)$ ]]; }

is_locked() { [[ $(passwd --status mysql | cut -d ' ' -f 2) == L ]]; }

members() { getent group mysql | cut -d : -f 4; }

# open_files: files of the database that others may write, or folders that they may enter. The server's
# own files come and go meanwhile.
open_files() {
  find "$DATA" \( ! -user mysql ! -user root -o -type d -perm /007 -o ! -type l -perm /022 ! -group mysql \
    -o ! -type l -perm /002 \) -print 2>/dev/null || true
}

files_are_exact() {
  local found=0
  are_exact "${PATHS[@]}" || found=1
  nothing_overrides || found=1
  return "$found"
}

# nothing_overrides: what the server would read at its next start, of which the last word counts.
nothing_overrides() {
  local word name found=0
  local -A last=()
  while IFS= read -r word; do
    [[ $word =~ ^--([A-Za-z0-9_-]+)(=(.*))?$ ]] || continue
    name=${BASH_REMATCH[1]//-/_}
    last[${name#loose_}]=${BASH_REMATCH[3]}
  done < <("$SERVER" --print-defaults 2>/dev/null | tail -n 1 | sed 's/ *$//; s/ --/\n--/g')
  for name in "${!setting[@]}"; do
    [[ ! -v last[$name] || ${last[$name]} == "${setting[$name]}" || $name == log_bin ]] ||
      no "another file says $name=${last[$name]}" || found=1
  done
  for name in skip_grant_tables init_file skip_networking bootstrap; do
    [[ ! -v last[$name] ]] || no "another file says $name" || found=1
  done
  return "$found"
}

# obeys: settings with a meaning of their own (such as the address) are told by other checks as well.
obeys() {
  local name found=0
  is_up || return
  while IFS= read -r name; do
    [[ -v running[$name] ]] && is_same_list "${running[$name]}" "${setting[$name]}" ||
      no "$name is ${running[$name]-unknown}" || found=1
  done < <(printf '%s\n' "${!setting[@]}" | sort)
  is_mysql || [[ ${PARAM[AUDIT_LOG]} == yes || ! -v running[server_audit_logging] ]] ||
    no "the audit log is kept" || found=1
  return "$found"
}

# is_same_list ONE OTHER: the server gives the words of a list in its own order. Only of what differs as it
# stands, of which there is little: each costs a dozen processes.
is_same_list() { [[ $1 == "$2" || $1$2 == *,* && $(in_order "$1") == "$(in_order "$2")" ]]; }

in_order() { tr , '\n' <<<"$1" | sort; }

# certificate_is_served: asked over the socket, since only the application's server gets an answer from
# the port.
certificate_is_served() {
  local served wanted
  is_up || return
  served=$(timeout 10 openssl s_client -unix "$SOCKET" -starttls mysql </dev/null 2>/dev/null |
    openssl x509 -noout -fingerprint -sha256 2>/dev/null)
  wanted=$(decoded CERT_B64 | openssl x509 -noout -fingerprint -sha256)
  [[ $served == "$wanted" ]] || no "it shows ${served:-no certificate}"
}

logs_are_kept() {
  is_up || return
  logs_are_there || return
  systemctl --quiet is-active logrotate.timer || no "logs are not rotated" || return
  systemctl --quiet is-enabled logrotate.timer || no "logs are not rotated after a boot"
}

logs_are_there() {
  local log
  for log in $(wanted_logs); do
    [[ -f $log && ! -L $log && $(stat -c %U -- "$log") == mysql ]] || no "the server writes no $log" || return
  done
}

wanted_logs() {
  printf '%s\n' "$LOGS/error.log" "$LOGS/slow.log"
  [[ ${PARAM[AUDIT_LOG]} == no ]] || printf '%s\n' "$LOGS/audit.log"
}
