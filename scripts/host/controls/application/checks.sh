# shellcheck shell=bash
# application/checks: each prints why it fails.

# The stack renews its own certificates a year before their end, so this is time to find out why it has not.
readonly DAYS_LEAST=21
# What the application is given to start, and to read another certificate. Only a fault takes all of it.
readonly START_SECONDS=20 READ_SECONDS=10

owners_are_locked() {
  local owner
  for owner in "${OWNERS[@]}"; do is_locked "$owner" /nonexistent || return; done
}

programs_are_exact() {
  local found
  are_folders < <(wanted_folders) || return
  group_is_exact programs || return
  found=$(surplus | paste -sd ' ')
  [[ -z $found ]] || no "not ours: $found" || return
  are_whole "${UNITS[@]}"
}

runs_confined() {
  local socket
  are_read "${UNITS[@]}" || return
  for socket in "${SOCKETS[@]}"; do socket_is_right "$socket" || return; done
  is_running "$TIMER" || return
  service_is_confined
}

# By the socket itself: systemd's word is not what a client meets.
socket_is_right() {
  local port=3003
  if [[ $1 == application-redirect.socket ]]; then port=3000; fi
  is_running "$1" || return
  [[ $(ss -Hltnp "sport = :$port") == *'"systemd",pid=1,'* ]] || no "systemd does not listen on port $port"
}

# service_is_confined: by the process that runs, not by what it was started with.
service_is_confined() {
  local pid status
  is_running "$SERVICE" || return
  pid=$(systemctl show -P MainPID "$SERVICE")
  status=$(cat -- "/proc/$pid/status" 2>/dev/null) || no "$SERVICE is just starting" || return
  [[ $(stat -c %U -- "/proc/$pid") == "$OWNER" ]] || no "it runs as $(stat -c %U -- "/proc/$pid")" || return
  [[ $status == *$'\nNoNewPrivs:\t1\n'* && $status == *$'\nSeccomp:\t2\n'* && $status == *$'\nCapBnd:\t0000000000000000\n'* ]] ||
    no "its process is not confined as written" || return
  [[ $(readlink -- "/proc/$pid/ns/mnt") != "$(readlink /proc/1/ns/mnt)" ]] || no "its process sees all of the disk"
}

# answers_web: as a visitor would, but on this server.
answers_web() {
  local said host=${PARAM[HOSTS]%% *}
  is_running "${SOCKETS[0]}" || return
  answers_tls "$host" || return
  said=$(curl --silent --max-time 10 --noproxy '*' --output /dev/null --write-out '%{http_code} %{redirect_url}' \
    --connect-to '::127.0.0.1:3000' "http://$host/some?page") || no "port 3000 does not answer" || return
  [[ $said == "301 https://$host/some?page" ]] || no "port 3000 answers $said"
}

# answers_tls HOST: what runs may only just have been started, or told of another certificate.
answers_tls() {
  local shown wanted began=$SECONDS
  wanted=$(openssl x509 -noout -fingerprint -sha256 <<<"${TEXT_OF[$CERTIFICATE]}")
  while :; do
    shown=$(timeout 5 openssl s_client -connect 127.0.0.1:3003 -servername "$1" </dev/null 2>/dev/null |
      openssl x509 -noout -fingerprint -sha256 2>/dev/null) || shown=nothing
    [[ $shown != "$wanted" ]] || return 0
    if [[ $shown == nothing ]]; then
      ((SECONDS - began < START_SECONDS)) || no "port 3003 does not answer over TLS" || return
    else
      ((SECONDS - began < READ_SECONDS)) || no "port 3003 shows another certificate" || return
    fi
    sleep 0.2
  done
}

certificate_lasts() {
  local until
  if uses_acme; then acme_renews || return; fi
  openssl x509 -noout -checkend "$((DAYS_LEAST * 86400))" <<<"${TEXT_OF[$CERTIFICATE]}" >/dev/null && return
  until=$(openssl x509 -noout -enddate <<<"${TEXT_OF[$CERTIFICATE]}")
  case ${PARAM[CERTIFICATE_KIND]} in
    authority) no "it ends on ${until#*=}; pulumi up makes a new one" ;;
    acme) no "it ends on ${until#*=}, and was not renewed; see journalctl -u $ACME_SERVICE" ;;
    *) no "it ends on ${until#*=}; set a new one as application.certificate" ;;
  esac
}

# By the very program that has received it.
release_is_whole() {
  link_is_right || return
  bash "$PROGRAM" verify 2>&1
}

link_is_right() {
  local target
  target=$(readlink -- "$ROOT/current") || no "there is no $ROOT/current" || return
  [[ $(stat -c '%U:%G' -- "$ROOT/current") == root:root ]] || no "$ROOT/current is not root's" || return
  [[ $target == placeholder || $target =~ ^releases/[0-9a-f]{16}$ ]] || no "$ROOT/current leads to $target" || return
  [[ -d $ROOT/$target ]] || no "$ROOT/current leads to nothing"
}
