# shellcheck shell=bash disable=SC2153,SC2154 # LIMITS is wanted's, `said` and `callers` are the checks'
# ssh/receiver: the account that backups arrive by, on a backup server; see accounts/receiver.

readonly RECEIVER=stronghold-push PUSH=/usr/local/sbin/stronghold-push
# What `sshd -T` shall say of it at the database server's address, beside what holds for everyone.
readonly PUSH_ALONE=(
  "forcecommand $PUSH" "permittty no" "disableforwarding yes" "allowtcpforwarding no" "allowagentforwarding no"
  "allowstreamlocalforwarding no" "permitopen none" "permitlisten none" "permittunnel no" "gatewayports no"
  "x11forwarding no" "permituserrc no" "acceptenv STRONGHOLD_NOTHING" "setenv nothing" "maxsessions 1"
  "unusedconnectiontimeout 30" "clientalivecountmax 2" "chrootdirectory none" "permituserenvironment no"
  "allowgroups ssh-users" "denyusers nothing" "allowusers nothing" "denygroups nothing"
)

# receiver_text: behind the deployer's block. Nothing at all on a server that receives nothing.
receiver_text() {
  local from=${PARAM[RECEIVER_FROM]}
  [[ -n $from ]] || return 0
  printf '\n\n'
  render ssh/receiver.conf RECEIVER_FROM="$from" NOT_RECEIVER_FROM="!${from//,/,!}"
}

refuse_open_receiver() {
  [[ ! ,${PARAM[RECEIVER_FROM]}, =~ /0+, ]] ||
    refuse SSH-14 "RECEIVER_FROM is everywhere; give the database server's address"
}

# Apart from the others: fewer things hold for it than for everyone.
load_receiver_views() {
  local address everyone=("${callers[@]}")
  [[ -n ${PARAM[RECEIVER_FROM]} ]] || return 0
  for address in $(receiver_addresses) "$FOREIGN_V4" "$FOREIGN_V6"; do
    load_view "$RECEIVER" "$address" "$address"
  done
  # No other block is about root, so that it stands for everybody else.
  for address in $(receiver_addresses); do
    load_view root "$address" "$address"
  done
  callers=("${everyone[@]}")
}

receiver_addresses() {
  local range
  for range in ${PARAM[RECEIVER_FROM]//,/ }; do
    printf '%s\n' "${range%/*}"
  done
}

receiver_is_bounded() {
  local address limit ok=0
  local -a limits=()
  for limit in "${LIMITS[@]}"; do
    case ${limit%% *} in
      maxsessions | clientalivecountmax) ;;
      *) limits+=("$limit") ;;
    esac
  done
  for address in $(receiver_addresses); do
    caller_has "$RECEIVER@$address" "${KEY_ALONE[@]}" "${NO_OTHER_WAY[@]}" "${PUSH_ALONE[@]}" \
      "${ALGORITHMS[@]}" "${KEY_SOURCES[@]}" "${limits[@]}" || ok=1
    caller_has "root@$address" "denyusers *" || ok=1
  done
  for address in "$FOREIGN_V4" "$FOREIGN_V6"; do
    caller_has "$RECEIVER@$address" "denyusers $RECEIVER" || ok=1
  done
  return "$ok"
}
