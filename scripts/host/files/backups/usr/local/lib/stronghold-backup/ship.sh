# shellcheck shell=bash
# ship: to the vault on the backup server, which takes files in and gives none back.

readonly SHIP_GRACE_SECONDS=300 SHIP_BYTES_A_SECOND=50000
readonly PUSH_ACCOUNT=stronghold-push

# ship_all KIND [passing]: what has not been shipped yet, oldest first, full or log. One at a time of a kind: a
# large full backup must not keep the logs waiting. Who only passes by leaves it to whoever is at it; who has
# just made one waits for them, since they may have looked before it was there.
ship_all() {
  local id faults=0
  exec 8>"$RUNTIME/ship-$1.lock"
  if [[ ${2-} == passing ]]; then
    flock --nonblock 8 || return 0
  else
    flock 8
  fi
  rm -f -- "$STATE/refused-$1" "$STATE/unreachable-$1"
  for id in $(if [[ $1 == full ]]; then fulls; else logs_kept; fi); do
    is_shipped "$id" && continue
    if ship_one "$id" "$1"; then continue; fi
    faults=1
    say "could not ship $id: $REASON"
    # The others would wait for the same answer; a refusal is about one file.
    [[ ! -f $STATE/unreachable-$1 ]] || break
  done
  exec 8>&-
  return "$faults"
}

# ship_one ID KIND: the archive before its manifest.
ship_one() {
  put_file_in_vault "$1.age" "$2" && put_file_in_vault "$1.manifest" "$2" || return
  : >"$SHIPPED/$1"
  sync -- "$SHIPPED/$1" "$SHIPPED"
  say "shipped $1"
}

# put_file_in_vault NAME KIND: STORED and HAVE both mean that it is there, checked and on the vault's disk.
put_file_in_vault() {
  local name=$1 bytes sum answer status=0
  bytes=$(stat -c %s -- "$SPOOL/$name") sum=$(sha256sum <"$SPOOL/$name")
  answer=$({
    printf 'PUT %s %s %s\n' "$name" "$bytes" "${sum%% *}"
    exec cat -- "$SPOOL/$name"
  } 2>/dev/null | vault "$((SHIP_GRACE_SECONDS + bytes / SHIP_BYTES_A_SECOND))" 2>"$WORK/ssh" | head -c 1000) 8>&- 9>&- || status=$?
  case $answer in
    "STORED $name" | "HAVE $name") return 0 ;;
    REFUSED*)
      fail "$name: ${answer#REFUSED }" || true
      put_state "refused-$2" "$REASON"
      ;;
    *)
      fail "the vault does not answer ($status): $(tail -n 1 -- "$WORK/ssh")" || true
      put_state "unreachable-$2" "$REASON"
      ;;
  esac
  return 1
}

# vault SECONDS: this server's own ssh settings are for people, and none of them counts here.
vault() {
  timeout --foreground "$1" setpriv --pdeathsig KILL -- ssh -F none -T -i "$CONFIG/push-key" \
    -o BatchMode=yes -o IdentitiesOnly=yes -o IdentityAgent=none -o PreferredAuthentications=publickey \
    -o StrictHostKeyChecking=yes -o UserKnownHostsFile="$CONFIG/known_hosts" -o GlobalKnownHostsFile=/dev/null \
    -o HostKeyAlgorithms=ssh-ed25519 -o UpdateHostKeys=no -o ConnectTimeout=10 -o ServerAliveInterval=15 \
    -o ServerAliveCountMax=4 -o LogLevel=ERROR "$PUSH_ACCOUNT@$VAULT_HOST"
}
