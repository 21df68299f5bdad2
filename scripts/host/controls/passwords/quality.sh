# shellcheck shell=bash
# passwords/quality: what PAM asks of a new password, and whether it does.

readonly PAM_FILE=/etc/pam.d/common-password
readonly MAIN=/etc/security/pwquality.conf
readonly SETTINGS=/etc/security/pwquality.conf.d/zz-stronghold.conf

# A good one, and what spoils it. The last two are known to a dictionary and hold the account's name.
readonly GOOD_PASSWORD='Ko3!vubrezLam'
readonly -a WEAK_PASSWORDS=(Ko3!vubre ko3!vubrezlam 'KO3!VUBREZLAm' 'Ko!!vubrezLam' Ko33vubrezLam 'Password1!' 'Ko3nobody!Va')

# pam_asks: whoever changes a password does it by these rules. A service without rules of its own falls
# back on `other`, which has them; one with its own would be a way around.
pam_asks() {
  local file line ok=0
  is_file "$PAM_FILE" 644 root:root "$(render "passwords$PAM_FILE")" || no "$PAM_FILE differs" || ok=1
  # What the next upgrade of any PAM module will write there.
  grep -Eqx 'requisite[[:blank:]]+pam_pwquality\.so retry=3' /var/lib/pam/password 2>/dev/null ||
    no "pam-auth-update would leave pam_pwquality out" || ok=1
  grep -Eqx '@include[[:blank:]]+common-password' /etc/pam.d/other || no "other lacks common-password" || ok=1
  while IFS= read -r line; do
    no "$line" || ok=1
  done < <(own_rules)
  return "$ok"
}

# own_rules: but for references to other files of the folder, each of which is looked at, too.
own_rules() {
  find /etc/pam.d /usr/lib/pam.d -type f ! -name common-password ! -name '*.pam-old' \
    -exec grep -EiH '^[[:blank:]]*(-?password|@include)[[:blank:]]' {} + |
    grep -Evi ':[[:blank:]]*(@include|-?password[[:blank:]]+(include|substack))[[:blank:]]+[a-z0-9_-]+[[:blank:]]*$'
}

# quality_settings FILE...: as libpwquality reads them: in this order, the last word counts.
quality_settings() {
  cat -- "$@" 2>/dev/null | awk '
    { sub(/#.*/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+$/, "") }
    $0 == "" { next }
    { key = $0; sub(/[ \t=].*/, "", key); value = substr($0, length(key) + 1)
      sub(/^[ \t]*=?[ \t]*/, "", value); settings[tolower(key)] = value }
    END { for (key in settings) print key "=" settings[key] }' | sort
}

other_settings() { find "${SETTINGS%/*}" -maxdepth 1 -name '*.conf' ! -path "$SETTINGS" 2>/dev/null | sort; }

# The folder's files in the order of their names, then the main file, which overrules them all.
quality_is_exact() {
  local found differs
  local -a files
  is_file "$SETTINGS" 644 root:root "$(render "passwords$SETTINGS")" || no "$SETTINGS differs" || return
  is_file "$MAIN" 644 root:root "$(render "passwords$SETTINGS")" || no "$MAIN differs" || return
  mapfile -t files < <({ other_settings && printf '%s\n' "$SETTINGS"; } | sort)
  found=$(quality_settings "${files[@]}" "$MAIN")
  differs=$(comm -3 <(quality_settings "$SETTINGS") <(printf '%s\n' "$found") | tr -s '\t\n' ' ')
  [[ -z $differs ]] || no "other files decide about:$differs"
}

# quality_works: pwscore judges by the same library, settings and dictionary.
quality_works() {
  local word ok=0
  pwscore nobody <<<"$GOOD_PASSWORD" >/dev/null 2>&1 || no "a good password is refused" || ok=1
  for word in "${WEAK_PASSWORDS[@]}"; do
    ! pwscore nobody <<<"$word" >/dev/null 2>&1 || no "$word is taken" || ok=1
  done
  return "$ok"
}

mend_quality() {
  local file
  install -d -m 755 -- "${SETTINGS%/*}"
  put_file "$SETTINGS" 644 root:root <<<"$(render "passwords$SETTINGS")"
  if ! quality_is_exact >/dev/null; then
    for file in $(other_settings); do
      rm -rf -- "$file"
      changed "removed $file, which decided about passwords, too"
    done
    put_file "$MAIN" 644 root:root <<<"$(render "passwords$SETTINGS")"
  fi
  if ! pam_asks >/dev/null; then
    # It keeps what somebody has changed by hand, hence the whole file after it.
    quietly pam-auth-update --package --enable pwquality
    put_file "$PAM_FILE" 644 root:root <<<"$(render "passwords$PAM_FILE")"
  fi
}
