# shellcheck shell=bash
# application/acme: a certificate that an ACME server makes, and its renewal by a timer on this server. The key is made
# here and leaves the server for nowhere. Until there is one, the stack's own certificate is shown.

readonly ACME_OWNER=stronghold-acme ACME=/var/lib/stronghold-acme ACME_SETTINGS=/etc/stronghold/acme
readonly ACME_TIMER=application-certificate.timer ACME_SERVICE=application-certificate.service

# shellcheck source-path=SCRIPTDIR/../files/application/usr/local/lib/stronghold-application source=certificate.sh
source "$HOST_DIR/files/application/usr/local/lib/stronghold-application/certificate.sh"

uses_acme() { [[ ${PARAM[CERTIFICATE_KIND]} == acme ]]; }

want_acme() {
  local path authority options=''
  [[ -n ${PARAM[ACME_DIRECTORY]} && -n ${PARAM[ACME_EMAIL]} ]] || usage "kind acme takes ACME_DIRECTORY and ACME_EMAIL"
  [[ ${PARAM[HOSTS]%% *} =~ [a-z] ]] || usage "kind acme takes HOSTS that begin with a name"
  authority=$(decoded ACME_CA_B64)
  if [[ -n $authority ]]; then
    openssl x509 -noout <<<"$authority" &>/dev/null || usage "ACME_CA_B64 is no certificate"
    want programs 644 "$ACME_SETTINGS/ca.pem" "$authority"
    options="--cacert $ACME_SETTINGS/ca.pem"
  fi
  path=$ACME_SETTINGS/config
  want_file programs 644 "$path" "application/acme$path" DIRECTORY="${PARAM[ACME_DIRECTORY]}" EMAIL="${PARAM[ACME_EMAIL]}" \
    CERTIFICATES="$(acme_certificates)" CURL_OPTS="$options"
  # One line is one certificate.
  want programs 644 "$ACME_SETTINGS/domains" "$(acme_names)"
  for path in /etc/systemd/system/{"$ACME_SERVICE","$ACME_TIMER"}; do
    want_file programs 644 "$path" "application/acme$path"
  done
}

acme_certificates() { printf '%s/certs-%s' "$ACME" "$(sha256sum <<<"${PARAM[ACME_DIRECTORY]}" | head -c 16)"; }

# acme_certified: sets `chain` and `key`.
acme_certified() { read_certified "$(acme_certificates)" "${PARAM[HOSTS]%% *}"; }

acme_names() {
  local host names=()
  for host in ${PARAM[HOSTS]}; do
    # What has a colon, or nothing but digits and dots, is an address.
    if [[ $host != *:* && $host =~ [a-z] ]]; then names+=("$host"); fi
  done
  printf '%s' "${names[*]}"
}

acme_folders() {
  printf '%s\n' "$ACME_SETTINGS 755" "$ACME 755 $ACME_OWNER:$ACME_OWNER" "$ACME/challenges 755 $ACME_OWNER:$ACME_OWNER"
}

# certify: at once, for a server that has none yet. Whether that went well is for the audit.
certify() {
  if is_certified; then return 0; fi
  systemctl start "$ACME_SERVICE" &>/dev/null || return 0
  changed "had the ACME server certify $(acme_names)"
  # What is shown from now on.
  load_wanted
}

is_certified() {
  local chain key name
  acme_certified || return
  for name in $(acme_names); do
    openssl x509 -noout -checkhost "$name" <<<"$chain" | grep -q 'does match' || return
  done
}

acme_renews() {
  is_running "$ACME_TIMER" || return
  is_certified || no "the ACME server has not certified it yet: $(acme_reason)"
}

# acme_reason: of what the client has said last.
acme_reason() {
  local said
  said=$(journalctl -t application-certificate -n 60 -o cat --no-pager 2>/dev/null | grep -iE 'error|detail|fail' | tail -n 3 | paste -sd ' ') || true
  printf '%s' "${said:-it was not asked; systemctl start $ACME_SERVICE}"
}

stop_acme() {
  if systemctl --quiet is-active "$ACME_TIMER"; then
    quietly systemctl disable --now "$ACME_TIMER"
    changed "stopped the renewal by an ACME server"
  fi
}
