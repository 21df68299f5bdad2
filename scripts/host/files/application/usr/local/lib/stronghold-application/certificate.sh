# shellcheck shell=bash
# certificate: what an ACME server has certified. Read by the control as well, so that both mean the same by it.

readonly ACME_CONFIG=/etc/stronghold/acme/config

# read_certified FOLDER HOST: sets `chain` and `key` to what was certified for that host; fails where nothing is of use.
# The files are another account's, so nothing is taken of them but a certificate and the key that belongs to it.
read_certified() {
  local folder=$1/$2
  chain=$(openssl crl2pkcs7 -nocrl -certfile "$folder/fullchain.pem" 2>/dev/null | openssl pkcs7 -print_certs 2>/dev/null |
    sed -n '/^-----BEGIN/,/^-----END/p') || return
  key=$(openssl pkey -in "$folder/privkey.pem" 2>/dev/null) || return
  [[ -n $chain && -n $key ]] || return
  [[ $(openssl pkey -pubout <<<"$key" 2>/dev/null) == "$(openssl x509 -pubkey -noout <<<"$chain" 2>/dev/null)" ]] || return
  openssl x509 -noout -checkhost "$2" <<<"$chain" 2>/dev/null | grep -q 'does match' || return
  openssl x509 -noout -checkend 0 <<<"$chain" >/dev/null 2>&1
}

# renew_certificate: without a lost connection. Of the two files, whoever reads between the steps has two that do not
# belong together, which no application takes; it is told to read when both are there.
renew_certificate() {
  local chain key name folder
  folder=$(sed -n 's/^CERTDIR=//p' -- "$ACME_CONFIG")
  read_certified "$folder" "$(<"$HOST_FILE")" || fail 1 "there is no certificate of the ACME server for $(<"$HOST_FILE") yet"
  if [[ $chain == "$(cat -- "$ROOT/ssl/certificate.pem")" && $key == "$(cat -- "$ROOT/ssl/key.pem")" ]]; then return 0; fi
  for name in key certificate; do
    rm -f -- "$ROOT/ssl/.$name"
    (umask 077 && if [[ $name == key ]]; then printf '%s\n' "$key"; else printf '%s\n' "$chain"; fi >"$ROOT/ssl/.$name")
    chown application:application -- "$ROOT/ssl/.$name"
    chmod 400 -- "$ROOT/ssl/.$name"
    sync -- "$ROOT/ssl/.$name"
  done
  mv -T -- "$ROOT/ssl/.key" "$ROOT/ssl/key.pem"
  mv -T -- "$ROOT/ssl/.certificate" "$ROOT/ssl/certificate.pem"
  systemctl kill --kill-whom=main --signal=HUP application.service || true
  printf '<5>the application shows a new certificate, good until %s\n' "$(openssl x509 -noout -enddate <<<"$chain" | cut -d = -f 2)" >&2
}
