#!/usr/bin/env bash
# two-factor: people show a key and then a code of their phone; a code or scratch code works once
#
# Threat:  a stolen private key; a code that was looked over the shoulder, guessed, or used twice.
# Source:  guide, two-factor authentication. Its PAM line (default=die with nullok) locks out whoever is
#          not enrolled; its per-home secrets may be read and replaced by whoever has the account.
# Changes: /etc/pam.d/sshd, stronghold-login-turn, one state file a person that root alone can read.
#          Used codes stay used whatever is mended. Armed: `driver confirm two-factor` makes it last.
# needs:   libpam-google-authenticator openssh-server libpam-modules
# checks:  TWO-FACTOR-01 G07, TWO-FACTOR-02 G04 G07, TWO-FACTOR-03 G07, TWO-FACTOR-04 G07, TWO-FACTOR-05 G07, TWO-FACTOR-06 G07, TWO-FACTOR-07 G07, TWO-FACTOR-08 G07, TWO-FACTOR-09 G07
# shellcheck shell=bash

takes PEOPLE_B64 "$SHAPE_BASE64"
takes UNENROLLED '^(refuse|keyOnly)$' refuse
takes ROLLBACK_SECONDS "$SHAPE_SECONDS" 120

# shellcheck source-path=SCRIPTDIR/two-factor source=two-factor/mend.sh
source "$HOST_DIR/controls/two-factor/mend.sh"

audit() {
  load_wanted
  check TWO-FACTOR-01 "G07 sshd's PAM asks for the second factor, and lets nobody else pass" asks_only_wanted
  check TWO-FACTOR-02 "G04 G07 expired accounts, a closing system and old passwords still count" account_rules_hold
  check TWO-FACTOR-03 "G07 a rehearsed login takes a right code once and no wrong one" rehearse "$PAM_FILE" "$TURN"
  check TWO-FACTOR-04 "G07 every enrolled person's secret is the settings'" each_person secret_is_wanted
  check TWO-FACTOR-05 "G07 codes are good for 90 s, once, and guesses are limited" each_person options_are_wanted
  check TWO-FACTOR-06 "G07 scratch codes are those handed out, each good for one login" each_person codes_are_wanted
  check TWO-FACTOR-07 "G07 root alone can read or replace a second factor" states_are_private
  check TWO-FACTOR-08 "G07 nobody else has a second factor here" no_surplus_state
  check TWO-FACTOR-09 "G07 a person's logins are asked one at a time" is_file "$TURN" 755 root:root "$(render "two-factor$TURN")"
}

# People's files come before the question about them, so that a run that dies between locks nobody out.
apply() {
  local stack name
  load_wanted
  stack=$(stack_text)
  refuse_useless "$stack"
  make_folder
  for name in "${enrolled[@]}"; do
    mend_state "$name"
  done
  remove_surplus
  put_file "$TURN" 755 root:root bash -n <<<"$(render "two-factor$TURN")"
  if is_file "$PAM_FILE" 644 root:root "$stack" && ! armed; then return 0; fi
  # People's files are not part of it: put back, they would make used codes good again.
  arm_rollback "${PARAM[ROLLBACK_SECONDS]}" two-factor/restore "$PAM_FILE"
  put_file "$PAM_FILE" 644 root:root <<<"$stack"
}

# refuse_useless STACK: a real conversation with it, before anything is changed.
refuse_useless() {
  local reason staged
  staged=$(mktemp)
  printf '%s\n' "$1" >"$staged"
  if ! reason=$(rehearse "$staged" "$HOST_DIR/files/two-factor$TURN" 2>&1); then
    rm -f -- "$staged"
    refuse TWO-FACTOR-03 "a rehearsed login does not work: ${reason//[[:cntrl:]]/ }"
  fi
  rm -f -- "$staged"
}

make_folder() {
  install -d -m 700 -- "$STATE_DIR"
  if folder_is_private >/dev/null; then return 0; fi
  if [[ ! -d $FACTORS || -L $FACTORS ]]; then rm -rf -- "$FACTORS"; fi
  install -d -m 700 -o root -g root -- "$FACTORS"
  changed "made $FACTORS root's alone"
}

remove_surplus() {
  local file
  for file in $(surplus_states); do
    rm -rf -- "${FACTORS:?}/$file"
    changed "removed $FACTORS/$file, which belongs to nobody who is enrolled"
  done
}
