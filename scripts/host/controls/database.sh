#!/usr/bin/env bash
# database: MySQL or MariaDB that the application's server alone reaches, and each account by its own rights
#
# Threat:  a database that strangers reach, read on the way or log in to; an application that is taken
#          over and drops the tables, reads other schemas or the server's files.
# Source:  guide, database server; the vendors' own advice on securing an installation.
# Changes: the engine's configuration, unit and log rotation, its certificate, schema and accounts.
#          Accounts that nobody asked for are dropped. No table is ever touched.
# needs:   iproute2 logrotate openssl python3
# checks:  DATABASE-01 G13, DATABASE-02 G13, DATABASE-03 G13, DATABASE-04 G13, DATABASE-05 G13, DATABASE-06 G13, DATABASE-07 G13, DATABASE-08 A07, DATABASE-09 A07, DATABASE-10 A07, DATABASE-11 G13, DATABASE-12 G13
# shellcheck shell=bash

readonly SHAPE_STORED='^(([0-9A-F]+ ([0-9A-F]+|-))|mysql_native_password \*[0-9A-F]{40}( \[[^[:cntrl:]]{1,200}\])?)?$'
readonly SHAPE_PRIVATE='^(10|172|192)(\.[0-9]{1,3}){3}$'

takes ENGINE '^(mysql|mariadb)$'
takes BIND_ADDRESS "$SHAPE_PRIVATE"
takes SCHEMA '^[a-z][a-z0-9_]{0,31}$'
takes APP_HOST "$SHAPE_PRIVATE"
takes APP_PASSWORD_B64 "$SHAPE_BASE64"
takes APP_PREVIOUS_B64 "$SHAPE_BASE64" ''
takes DEPLOY_PASSWORD_B64 "$SHAPE_BASE64"
takes DEPLOY_PREVIOUS_B64 "$SHAPE_BASE64" ''
# Instead of the passwords: what the server made of them, as remembered.
takes APP_STORED "$SHAPE_STORED" ''
takes DEPLOY_STORED "$SHAPE_STORED" ''
takes CA_B64 "$SHAPE_BASE64"
takes CERT_B64 "$SHAPE_BASE64"
takes KEY_B64 "$SHAPE_BASE64"
takes AUDIT_LOG '^(yes|no)$' no

# shellcheck source-path=SCRIPTDIR/database source=database/mend.sh
source "$HOST_DIR/controls/database/mend.sh"
# shellcheck source=database/accounts.sh
source "$HOST_DIR/controls/database/accounts.sh"
# shellcheck source=database/rights.sh
source "$HOST_DIR/controls/database/rights.sh"
# shellcheck source=database/passwords.sh
source "$HOST_DIR/controls/database/passwords.sh"
# shellcheck source=database/remembered.sh
source "$HOST_DIR/controls/database/remembered.sh"
# shellcheck source=database/root.sh
source "$HOST_DIR/controls/database/root.sh"
# shellcheck source=database/schemas.sh
source "$HOST_DIR/controls/database/schemas.sh"

audit() {
  load_wanted
  read_server
  check DATABASE-01 "G13 the database listens on ${PARAM[BIND_ADDRESS]} and its socket, and nowhere else" listens_privately
  check DATABASE-02 "G13 it starts at boot once the network is there, and again whenever it ends" runs_always
  check DATABASE-03 "G13 its data is its own account's, which nobody can log in to" data_is_guarded
  check DATABASE-04 "G13 its configuration, unit and log rotation are those of the settings" files_are_exact
  check DATABASE-05 "G13 the running server obeys the configuration" obeys
  check DATABASE-06 "G13 connections are encrypted, with the stack's certificate" certificate_is_served
  check DATABASE-07 "G13 there is no account but the wanted ones, and root has no way in but the socket" accounts_are_wanted
  check DATABASE-08 "A07 the application reads and writes ${PARAM[SCHEMA]}, from its server alone, and nothing more" account_is_exact application
  check DATABASE-09 "A07 deployments change the tables of ${PARAM[SCHEMA]}, from the application's server alone, and nothing more" account_is_exact deployment
  check DATABASE-10 "A07 the passwords are those that the stack issued" passwords_are_issued
  check DATABASE-11 "G13 there is the schema, and none for tests" schemas_are_wanted
  check DATABASE-12 "G13 errors, refused logins and slow statements are logged, and the logs are rotated" logs_are_kept
}

apply() {
  load_wanted
  refuse_links
  make_folders < <(wanted_folders)
  guard_data
  put_files
  mend_unit
  await_server
  mend_root
  mend_server
  keep_logs
  make_schema
  mend_accounts
  mend_passwords
  mend_rights
}
