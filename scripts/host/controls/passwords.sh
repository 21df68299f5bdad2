#!/usr/bin/env bash
# passwords: strong passwords only, none for root, and one for each person, to be changed at first use
#
# Threat:  a password that is guessed; root's own, which the provider's panel set; a password that
#          somebody else has handed over and knows.
# Source:  guide, securing passwords and locking the root account. Its PAM module is gone from Debian;
#          pam_pwquality has the same settings. PEOPLE_B64: `name<TAB>clear|hash<TAB>initial password`.
# Changes: PAM's common-password and pwquality's settings; the password of root, and of people only when
#          one is issued. What a person has chosen is never overwritten, but for a new issue.
# needs:   libpam-pwquality cracklib-runtime libpwquality-tools libpam-runtime passwd perl-base
# checks:  PASSWORDS-01 G03, PASSWORDS-02 G03, PASSWORDS-03 G03, PASSWORDS-04 G02, PASSWORDS-05 G04, PASSWORDS-06 G04, PASSWORDS-07 G04, PASSWORDS-08 G04
# shellcheck shell=bash

takes PEOPLE_B64 "$SHAPE_BASE64"
takes CHANGE_AT_FIRST_USE '^(yes|no)$' yes

# shellcheck source-path=SCRIPTDIR/passwords source=passwords/issue.sh
source "$HOST_DIR/controls/passwords/issue.sh"
# shellcheck source-path=SCRIPTDIR/passwords source=passwords/quality.sh
source "$HOST_DIR/controls/passwords/quality.sh"

audit() {
  load_wanted
  load_found
  check PASSWORDS-01 "G03 PAM asks for quality at every change of a password, and hashes with yescrypt" pam_asks
  check PASSWORDS-02 "G03 the quality asked for is the guide's, for root too, whichever file is read last" quality_is_exact
  check PASSWORDS-03 "G03 weak passwords are refused in practice, and a good one is not" quality_works
  check PASSWORDS-04 "G02 root has no password, nor one that could be unlocked" root_is_locked
  check PASSWORDS-05 "G04 every person has a password for sudo, one that was issued or an own one" people_have_passwords
  check PASSWORDS-06 "G04 initial passwords have to be changed at first use$(exception)$(pending)" initial_ones_expire
  check PASSWORDS-07 "G04 what was issued is known to root alone, as hashes" records_are_private
  check PASSWORDS-08 "G04 no password runs out by age, which would lock out accounts with keys alone" nothing_ages
}

# People's passwords come before root's lock, so that a run that dies in the middle leaves a way to root.
apply() {
  local name
  load_wanted
  load_found
  mend_quality
  make_records
  for name in "${people[@]}"; do
    issue_if_due "$name"
  done
  if ! root_is_locked >/dev/null; then
    quietly usermod --password '*' root
    changed "locked root's password"
  fi
  mend_ages
  remove_surplus
}

# as_remembered: an initial password as the hash that was made of it.
as_remembered() {
  local name text
  text=$(for name in "${people[@]}"; do printf '%s\thash\t%s\n' "$name" "$(<"$RECORDS/$name")"; done)
  PARAM[PEOPLE_B64]=$(base64 --wrap=0 <<<"$text")
}
