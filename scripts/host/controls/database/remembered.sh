# shellcheck shell=bash
# database/remembered: passwords as what the server keeps of them, so that they can be audited and given back
# by whoever does not know them.

as_remembered() {
  PARAM[APP_STORED]=$(stored application) PARAM[DEPLOY_STORED]=$(stored deployment)
  PARAM[APP_PASSWORD_B64]='' PARAM[APP_PREVIOUS_B64]='' PARAM[DEPLOY_PASSWORD_B64]='' PARAM[DEPLOY_PREVIOUS_B64]=''
}

# issue_stored USER: as it was. What is right of what is there stays good at every step.
issue_stored() {
  local first second now how hash
  if is_mysql; then
    read -r first second <<<"$wanted"
    read -r now _ <<<"$(stored "$1")"
    # MySQL retains no password of another kind, and none of an account that is not there.
    if [[ ${now:--} == - ]]; then
      tell <<<"CREATE USER IF NOT EXISTS $(account "$1") IDENTIFIED WITH caching_sha2_password AS 0x$first REQUIRE SSL"
      restore_hash "$1" "$first" ''
    fi
    if [[ $second != - ]]; then restore_hash "$1" "$second" 'RETAIN CURRENT PASSWORD'; fi
    restore_hash "$1" "$first" 'RETAIN CURRENT PASSWORD'
    if [[ $second == - ]]; then tell <<<"ALTER USER $(account "$1") DISCARD OLD PASSWORD"; fi
    return 0
  fi
  while read -r hash; do
    how="${how+$how OR }mysql_native_password USING '$hash'"
  done < <(grep -oE '\*[0-9A-F]{40}' <<<"$wanted")
  how="IDENTIFIED VIA $how REQUIRE SSL"
  tell <<<"CREATE USER IF NOT EXISTS $(account "$1") $how; ALTER USER $(account "$1") $how"
}

# restore_hash USER HASH HOW
restore_hash() { tell <<<"ALTER USER $(account "$1") IDENTIFIED WITH caching_sha2_password AS 0x$2 $3"; }
