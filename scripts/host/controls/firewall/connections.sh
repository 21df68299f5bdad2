# shellcheck shell=bash
# firewall/connections: what is connected when the rules are first loaded stays connected.
#
# The kernel tracks connections only once a rule asks for it. To rules that are loaded later, an open
# connection is a stranger whose first packet is no SYN: it would be dropped, and with it the session
# of an operator who is just looking on, or the one that runs this very control.

# keep_connections: makes an entry for each open connection that the kernel does not track yet.
keep_connections() {
  local here there
  while read -r _ _ here there; do
    # One that is tracked already is no error, and one that ends meanwhile no loss.
    conntrack -I --proto tcp --state ESTABLISHED --status SEEN_REPLY,ASSURED --timeout 3600 \
      --src "$(host_of "$here")" --sport "${here##*:}" \
      --dst "$(host_of "$there")" --dport "${there##*:}" >/dev/null 2>&1 || true
  done < <(ss --no-header --tcp --numeric state established)
}

# host_of ADDRESS:PORT, without the brackets of IPv6 and the zone of a link-local address.
host_of() {
  local host=${1%:*}
  host=${host#[}
  host=${host%]}
  host=${host#::ffff:}
  printf '%s' "${host%%%*}"
}
