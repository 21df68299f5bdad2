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
  load_receiver_views
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
  starts_with_include "$MAIN" "$INCLUDE" || no "$MAIN does not begin with: $INCLUDE" || return
  for file in "${DROP_IN%/*}"/*.conf; do break; done
  [[ $file == "$DROP_IN" ]] || no "$file is read first"
}

# The deployer's own addresses are SSH-09's.
two_factors_are_asked() {
  local caller ok=0
  everyone_has "${NO_OTHER_WAY[@]}" || ok=1
  for caller in "${callers[@]}"; do
    is_exception "$caller" || caller_has "$caller" "${TWO_FACTORS[@]}" || ok=1
  done
  asks_second_factor || ok=1
  return "$ok"
}

is_exception() {
  local caller
  for caller in $(deployer_addresses) $(foreign_addresses inside); do
    [[ $1 != "${PARAM[DEPLOYER]}@$caller" ]] || return 0
  done
  return 1
}

# foreign_addresses inside|outside: "from anywhere" may be what the settings say, in so many words.
foreign_addresses() {
  local address place
  for address in "$FOREIGN_V4" "$FOREIGN_V6"; do
    place=outside
    if [[ $address == *:* && ,${PARAM[DEPLOYER_FROM]} == *,::/0* ]]; then place=inside; fi
    if [[ $address != *:* && ,${PARAM[DEPLOYER_FROM]} == *,0.0.0.0/0* ]]; then place=inside; fi
    [[ $place != "$1" ]] || printf '%s\n' "$address"
  done
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
    caller_has "$caller" "${KEY_ALONE[@]}" "allowagentforwarding no" "permittty no" || ok=1
    caller_has "$caller" "denyusers nothing" "allowusers nothing" "denygroups nothing" || ok=1
  done
  return "$ok"
}

deployer_is_pinned() {
  local address ok=0
  for address in $(foreign_addresses outside); do
    caller_has "${PARAM[DEPLOYER]}@$address" "denyusers ${PARAM[DEPLOYER]}" || ok=1
  done
  return "$ok"
}
