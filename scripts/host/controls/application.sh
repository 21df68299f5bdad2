#!/usr/bin/env bash
# application: runs the application as a locked user in a sandbox, over HTTPS, and takes in its releases
#
# Threat:  who breaks into the application reads the server, opens doors on it, or changes what runs; a release that
#          is no good, or whose exchange is cut off, takes the service down.
# Source:  guide, application: a user of its own without a shell, its certificate and its configuration for it alone.
# Changes: the account application, /usr/local/application but for its releases, the units application*, the program
#          stronghold-application with its library, /etc/stronghold/application.
# needs:   nodejs curl openssl
# checks:  APPLICATION-01 A01, APPLICATION-02 A01, APPLICATION-03 A01, APPLICATION-04 A06, APPLICATION-05 A02, APPLICATION-06 A02, APPLICATION-07 H09, APPLICATION-08 A01
# shellcheck shell=bash

readonly OWNER=application ROOT=/usr/local/application
readonly LIBRARY=/usr/local/lib/stronghold-application PROGRAM=/usr/local/sbin/stronghold-application
readonly SERVICE=application.service TIMER=application-watch.timer
readonly SOCKETS=(application-https.socket application-redirect.socket) REDIRECT=application-redirect.service
readonly DEPLOY_LOCK=/run/stronghold-application.lock DEPLOY_SECONDS=240
readonly CERTIFICATE=$ROOT/ssl/certificate.pem KEY=$ROOT/ssl/key.pem CONFIG=$ROOT/config/production.json

takes MEMORY_MB '^[1-9][0-9]{2,5}$'
takes TASKS '^[1-9][0-9]{1,4}$'
takes HOSTS '^[a-z0-9.-]{1,253}( [a-z0-9.:-]{2,253}){0,8}$'
takes CERTIFICATE_KIND '^(authority|own|acme)$'
takes CERTIFICATE_B64 "$SHAPE_BASE64"
takes KEY_B64 "$SHAPE_BASE64"
takes ACME_DIRECTORY '^(https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?)?$' ''
takes ACME_EMAIL '^([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)?$' ''
takes ACME_CA_B64 "$SHAPE_BASE64" ''
takes DB_HOST '^(10|172|192)(\.[0-9]{1,3}){3}$'
takes DB_SCHEMA '^[a-z][a-z0-9_]{0,31}$'
takes DB_PASSWORD_B64 "$SHAPE_BASE64"

# shellcheck source-path=SCRIPTDIR/application source=application/wanted.sh
source "$HOST_DIR/controls/application/wanted.sh"
# shellcheck source-path=SCRIPTDIR/application source=application/acme.sh
source "$HOST_DIR/controls/application/acme.sh"
# shellcheck source-path=SCRIPTDIR/application source=application/checks.sh
source "$HOST_DIR/controls/application/checks.sh"

audit() {
  load_wanted
  check APPLICATION-01 "A01 the application's user is locked, without home, shell or company" owners_are_locked
  check APPLICATION-02 "A01 the units that confine the application and the program that deploys it are ours" programs_are_exact
  check APPLICATION-03 "A01 it runs as that user, confined as written, at sockets that systemd holds" runs_confined
  check APPLICATION-04 "A06 its configuration is the stack's, and for that user alone" group_is_exact config
  check APPLICATION-05 "A02 its key and certificate are the stack's, and for that user alone" group_is_exact ssl
  check APPLICATION-06 "A02 port 3003 answers over TLS with that certificate, port 3000 with 301" answers_web
  check APPLICATION-07 "H09 its certificate is renewed in time, and good for three weeks at least" certificate_lasts
  check APPLICATION-08 "A01 the release that serves is root's, and as it was received" release_is_whole
}

apply() {
  local is_renewed=no config ssl owner
  load_wanted
  # A deploy that is at work would take a restart for a release that is no good.
  exec 8>>"$DEPLOY_LOCK"
  flock --wait "$DEPLOY_SECONDS" 8 || die 75 "a deploy has been at work for $DEPLOY_SECONDS s; wait for it, then run again"
  # For a deploy that is turned away meanwhile.
  printf 'the stack sets this server up\n' >"$DEPLOY_LOCK"
  for owner in "${OWNERS[@]}"; do make_locked "$owner" /nonexistent "${SOCKETS[@]}" "$SERVICE"; done
  make_folders < <(wanted_folders)
  uses_acme || stop_acme
  if ! group_is_exact programs >/dev/null || [[ -n $(surplus) ]] || ! are_read "${UNITS[@]}" >/dev/null; then is_renewed=yes; fi
  if config=$(group_is_exact config); then config=same; fi
  if ssl=$(group_is_exact ssl); then ssl=same; fi
  put_files
  remove_listed < <(surplus)
  if ! link_is_right >/dev/null; then
    rm -rf -- "$ROOT/current"
    ln -s -- placeholder "$ROOT/current"
    changed "shows a placeholder until an application is deployed"
  fi
  if [[ $is_renewed == yes ]]; then quietly systemctl daemon-reload; fi
  start_sockets "$is_renewed"
  if [[ $is_renewed == yes || $config != same ]] || ! service_is_confined >/dev/null; then
    # It has what it runs with from its start; whoever comes meanwhile waits at the socket.
    quietly systemctl enable "$SERVICE"
    quietly systemctl restart "$SERVICE"
    changed "started $SERVICE"
  elif [[ $ssl != same ]]; then
    quietly systemctl kill --kill-whom=main --signal=HUP "$SERVICE"
    changed "had the application read its certificate again"
  fi
  if [[ $is_renewed == yes ]] || ! is_running "$TIMER" >/dev/null; then
    quietly systemctl enable "$TIMER"
    quietly systemctl restart "$TIMER"
    changed "started $TIMER"
  fi
  uses_acme || return 0
  if [[ $is_renewed == yes ]] || ! is_running "$ACME_TIMER" >/dev/null; then
    quietly systemctl enable "$ACME_TIMER"
    quietly systemctl restart "$ACME_TIMER"
    changed "started $ACME_TIMER"
  fi
  certify
}

# start_sockets RENEWED: none is started again that is as it shall be, since who waits there would be turned away.
start_sockets() {
  local socket
  for socket in "${SOCKETS[@]}"; do
    if socket_is_right "$socket" >/dev/null; then continue; fi
    quietly systemctl enable "$socket"
    # It cannot start while what it is for runs without it.
    quietly systemctl stop "$(service_of "$socket")" "$socket"
    quietly systemctl start "$socket"
    changed "started $socket"
  done
  # It has its hosts from its start.
  if [[ $1 == yes ]]; then quietly systemctl try-restart "$REDIRECT"; fi
}

service_of() { if [[ $1 == "${SOCKETS[0]}" ]]; then printf '%s' "$SERVICE"; else printf '%s' "$REDIRECT"; fi; }
