# shellcheck shell=bash
# ssh/client: how people move on from this server (guide, SSH agents): the next server's host key is
# known beforehand, as a person with a forwarded agent would else have to believe whoever answers.

readonly CLIENT_MAIN=/etc/ssh/ssh_config CLIENT_DROP_IN=/etc/ssh/ssh_config.d/00-stronghold.conf
readonly CLIENT_INCLUDE='Include /etc/ssh/ssh_config.d/*.conf'
readonly KNOWN_HOSTS=/etc/ssh/ssh_known_hosts
readonly HOST_LINE='^[A-Za-z0-9.:,-]+ ssh-ed25519 [A-Za-z0-9+/]+={0,2}$'
# What `ssh -G` shall say, whoever asks and whatever the server. "true" is how it says "yes".
readonly CLIENT=(
  "stricthostkeychecking true" "forwardagent no" "hashknownhosts no" "globalknownhostsfile $KNOWN_HOSTS"
  "hostkeyalgorithms ssh-ed25519" "kexalgorithms $(exchanges_known)" "${ALGORITHMS[@]:1:2}"
)

refuse_bad_hosts() {
  local text line
  text=$(decoded KNOWN_HOSTS_B64)
  while IFS= read -r line; do
    [[ -n $line ]] || continue
    if ! [[ $line =~ $HOST_LINE ]] || ! ssh-keygen -l -f - <<<"${line#* }" &>/dev/null; then
      refuse SSH-13 "a line of KNOWN_HOSTS_B64 is not an address and an Ed25519 key"
    fi
  done <<<"$text"
}

write_client() {
  put_file "$KNOWN_HOSTS" 644 root:root <<<"$(known_hosts_text)"
  put_file "$CLIENT_DROP_IN" 644 root:root <<<"$(render "ssh$CLIENT_DROP_IN" EXCHANGES="$(exchanges_known)")"
  include_first "$CLIENT_MAIN" "$CLIENT_INCLUDE"
}

known_hosts_text() {
  render "ssh$KNOWN_HOSTS"
  decoded KNOWN_HOSTS_B64
}

client_is_strict() {
  local said wanted host ok=0
  is_file "$KNOWN_HOSTS" 644 root:root "$(known_hosts_text)" || no "$KNOWN_HOSTS differs" || ok=1
  # Neither a server's own block nor the asking person's file shall count here.
  for host in 203.0.113.1 "${PARAM[PERMIT_OPEN]%:*}"; do
    [[ -n $host ]] || continue
    said=$(ssh -G -F "$CLIENT_MAIN" "$host" 2>&1) || no "$said" || return
    for wanted in "${CLIENT[@]}"; do
      [[ $'\n'$said$'\n' == *$'\n'"$wanted"$'\n'* ]] || no "not: $wanted" || ok=1
    done
  done
  return "$ok"
}
