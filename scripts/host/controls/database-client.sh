#!/usr/bin/env bash
# database-client: how the application reaches its database, and that the database proves who it is
#
# Threat:  a password that everybody on the server can read; another host on the shared private network
#          that answers in the database's place.
# Source:  guide, app server; the catalogue's account of the application.
# Changes: /etc/stronghold/database: the certificate authority, and the settings of the application and
#          of command-line clients. No client is installed.
# needs:   openssl
# checks:  DATABASE-CLIENT-01 A07, DATABASE-CLIENT-02 G13
# shellcheck shell=bash

readonly FOLDER=/etc/stronghold/database PORT=3306 ANSWER_SECONDS=10
readonly AUTHORITY=$FOLDER/ca.pem SETTINGS=$FOLDER/application.json CLIENT=$FOLDER/client.cnf

takes HOST '^(10|172|192)(\.[0-9]{1,3}){3}$'
takes SCHEMA '^[a-z][a-z0-9_]{0,31}$'
takes PASSWORD_B64 "$SHAPE_BASE64"
takes CA_B64 "$SHAPE_BASE64"

audit() {
  load_wanted
  check DATABASE-CLIENT-01 "A07 what the application is told of its database is the settings', and root's alone" files_are_exact
  check DATABASE-CLIENT-02 "G13 the database answers from here, with a certificate of the stack's authority" answers_verified
}

apply() {
  load_wanted
  make_folders < <(wanted_folders)
  put_files
}

load_wanted() {
  local password ca file
  password=$(decoded PASSWORD_B64) ca=$(decoded CA_B64)
  [[ $password =~ ^[A-Za-z0-9]{32}$ ]] || usage "PASSWORD_B64 is not 32 letters and digits"
  openssl x509 -noout <<<"$ca" &>/dev/null || usage "CA_B64 is no certificate"
  want own 644 "$AUTHORITY" "$ca"
  for file in "$CLIENT" "$SETTINGS"; do
    want_file own 600 "$file" "database-client$file" HOST="${PARAM[HOST]}" SCHEMA="${PARAM[SCHEMA]}" PASSWORD="$password"
  done
}

wanted_folders() { printf '%s 755\n' "${FOLDER%/*}" "$FOLDER"; }

files_are_exact() {
  local found=0
  are_folders < <(wanted_folders) || found=1
  are_exact "${PATHS[@]}" || found=1
  return "$found"
}

# answers_verified: the handshake alone, in which no password is shown. The database may be starting, but
# one that shows the wrong certificate is not waited for.
answers_verified() {
  local said deadline=$((SECONDS + ANSWER_SECONDS))
  until said=$(handshake); do
    [[ $said != 'verify error'* ]] && ((SECONDS < deadline)) || no "${said:-no answer from ${PARAM[HOST]}:$PORT}" || return
    sleep 0.5
  done
}

handshake() {
  local said
  # Only the authority of the settings counts, not those that the system trusts.
  said=$(timeout 5 openssl s_client -starttls mysql -connect "${PARAM[HOST]}:$PORT" -no-CApath -no-CAstore \
    -CAfile <(printf '%s\n' "${TEXT_OF[$AUTHORITY]}") -verify_ip "${PARAM[HOST]}" -purpose sslserver \
    -verify_return_error </dev/null 2>&1) && return 0
  grep -oE 'verify error:.*|Connection refused|No route to host' <<<"$said" | head -n 1
  return 1
}
