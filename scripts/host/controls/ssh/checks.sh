# shellcheck shell=bash
# ssh/checks: what sshd would do for each kind of caller (`sshd -T -C`), never what a file says.

# Reserved addresses that no caller can have: they stand for everywhere else.
readonly FOREIGN_V4=240.0.0.1 FOREIGN_V6=100::1

# What sshd says, by `account@address keyword`; a keyword that it says twice has two lines.
declare -gA said=()
callers=()

load_views() {
  local name address
  said=() callers=()
  install -d -m 755 /run/sshd
  for name in root nobody $(getent group ssh-users | cut -d : -f 4 | tr ',' ' '); do
    load_view "$name" anywhere "$FOREIGN_V4"
  done
  for address in $(deployer_addresses) "$FOREIGN_V4" "$FOREIGN_V6"; do
    load_view "${PARAM[DEPLOYER]}" "$address" "$address"
  done
}

# load_view ACCOUNT PLACE ADDRESS. Where sshd cannot read its configuration nothing is loaded, which
# fails every check.
load_view() {
  local keyword value key view
  view=$(sshd -T -C "user=$1,host=$3,addr=$3,laddr=127.0.0.1,lport=22" 2>/dev/null) || true
  callers+=("$1@$2")
  while read -r keyword value; do
    key="$1@$2 $keyword"
    said["$key"]+="${said["$key"]+$'\n'}$value"
  done <<<"$view"
}

deployer_addresses() {
  local range
  for range in ${PARAM[DEPLOYER_FROM]//,/ }; do
    printf '%s\n' "${range%/*}"
  done
}

# --- Checks: each prints why it fails ---------------------------------------------------------

# caller_has CALLER "keyword value"...: each keyword has this value and no second one.
caller_has() {
  local wanted found ok=0
  for wanted in "${@:2}"; do
    found=${said["$1 ${wanted%% *}"]-nothing}
    [[ $found == "${wanted#* }" ]] || no "$1: ${wanted%% *} $found" || ok=1
  done
  return "$ok"
}

everyone_has() {
  local caller ok=0
  for caller in "${callers[@]}"; do
    caller_has "$caller" "$@" || ok=1
  done
  return "$ok"
}

# sshd -t ends with 0 although it ignores a deprecated keyword, so what it prints counts.
is_valid() {
  local warning file
  warning=$(sshd -t 2>&1 || true)
  [[ -z $warning ]] || no "$warning; remove that line" || return
  starts_with_include "$MAIN" || no "$MAIN does not begin with: $INCLUDE" || return
  for file in "${DROP_IN%/*}"/*.conf; do break; done
  [[ $file == "$DROP_IN" ]] || no "$file is read first"
}

host_key_is_ours() {
  everyone_has "hostkey $HOST_KEY" || return
  [[ $(stat -c '%a %U' -- "$HOST_KEY" 2>&1) == "600 root" ]] ||
    no "$HOST_KEY is not of mode 600, owned by root"
}

forwarding_is_bounded() {
  local caller ok=0 open=${PARAM[PERMIT_OPEN]:-none} tcp=local agent=yes
  [[ $open != none ]] || tcp=no agent=no
  everyone_has "allowtcpforwarding $tcp" "permitopen $open" "permitlisten none" "x11forwarding no" \
    "allowstreamlocalforwarding no" "gatewayports no" "permittunnel no" || ok=1
  for caller in "${callers[@]}"; do
    # SSH-09 asks about the deployer's.
    [[ $caller == "${PARAM[DEPLOYER]}"@* ]] || caller_has "$caller" "allowagentforwarding $agent" || ok=1
  done
  return "$ok"
}

deployer_gets_in() {
  local address caller ok=0
  for address in $(deployer_addresses); do
    caller=${PARAM[DEPLOYER]}@$address
    caller_has "$caller" "allowagentforwarding no" "permittty no" || ok=1
    caller_has "$caller" "denyusers nothing" "allowusers nothing" "denygroups nothing" || ok=1
  done
  return "$ok"
}

deployer_is_pinned() {
  local address ok=0
  for address in "$FOREIGN_V4" "$FOREIGN_V6"; do
    # From anywhere is what the settings say then, in so many words.
    [[ $address == *:* && ,${PARAM[DEPLOYER_FROM]} == *,::/0* ]] && continue
    [[ $address != *:* && ,${PARAM[DEPLOYER_FROM]} == *,0.0.0.0/0* ]] && continue
    caller_has "${PARAM[DEPLOYER]}@$address" "denyusers ${PARAM[DEPLOYER]}" || ok=1
  done
  return "$ok"
}

# files_are_read: sshd took on its present state after the last change of any file that it reads.
files_are_read() {
  local read_at file changed_at
  systemctl --quiet is-active ssh.service || return 0
  # To the microsecond: within a second a file may well change after it was read.
  read_at=$(systemctl show --timestamp=us+utc -P StateChangeTimestamp ssh.service)
  read_at=$(date -d "$read_at" +%s.%6N)
  for file in "$MAIN" "$EVERYONE" "$HOST_KEY" "${DROP_IN%/*}" "${DROP_IN%/*}"/*.conf; do
    changed_at=$(stat -c %.6Z -- "$file" 2>/dev/null) || changed_at=9999999999.000000
    # As texts: both have ten digits before the point and six behind it.
    [[ ! $changed_at > $read_at ]] || no "$file changed after sshd had read it" || return
  done
}

sshd_is_current() {
  local unit pid
  files_are_read || return
  for unit in ssh.service ssh.socket none; do
    if systemctl --quiet is-enabled "$unit" && systemctl --quiet is-active "$unit"; then break; fi
  done 2>/dev/null
  [[ $unit != none ]] || no "neither ssh.service nor ssh.socket is enabled and active" || return
  # An option on the command line beats every file.
  pid=$(systemctl show -P MainPID ssh.service)
  [[ $pid == 0 || $(tr '\0' ' ' <"/proc/$pid/cmdline") =~ ^sshd:\ /usr/sbin/sshd\ -D\ \[listener\] ]] ||
    no "sshd was started with options that override its files; see /etc/default/ssh"
}
