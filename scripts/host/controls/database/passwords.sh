# shellcheck shell=bash
# database/passwords: while a password is changed, the application that runs knows the old one only. So
# both are good until the settings retire the old one, and there is no moment at which neither is.
#
# The server is given hashes alone, and its own are compared with the passwords of the settings: no
# record is kept that a killed run could leave wrong.

readonly HASHES=$HOST_DIR/controls/database/caching_sha2.py
declare -gAr KEY_OF=([application]=APP [deployment]=DEPLOY)

# load_password USER: sets `current` and `previous`, of which the latter may be empty; `wanted` instead, with
# what the server is to store, where only that is remembered.
load_password() {
  current='' previous='' wanted=${PARAM[${KEY_OF[$1]}_STORED]}
  if [[ -n $wanted ]]; then return 0; fi
  current=$(decoded "${KEY_OF[$1]}_PASSWORD_B64") previous=$(decoded "${KEY_OF[$1]}_PREVIOUS_B64")
  [[ $current =~ ^[A-Za-z0-9]{32}$ ]] || usage "${KEY_OF[$1]}_PASSWORD_B64 is not 32 letters and digits"
  [[ $previous =~ ^([A-Za-z0-9]{32})?$ ]] || usage "${KEY_OF[$1]}_PREVIOUS_B64 is not 32 letters and digits"
  [[ $previous != "$current" ]] || usage "${KEY_OF[$1]}_PREVIOUS_B64 is the current password"
}

# stored USER: what the server keeps; with MySQL the hashes of both passwords, `-` for none, in hexadecimal.
stored() {
  local where="user = '$1' AND host = '${PARAM[APP_HOST]}'"
  if is_mysql; then
    sql <<<"SELECT IF(plugin = 'caching_sha2_password' AND authentication_string <> '',
      CONCAT(HEX(authentication_string), ' ', IFNULL(HEX(user_attributes->>'$.additional_password'), '-')), '- -')
      FROM mysql.user WHERE $where"
  else
    sql <<<"SELECT CONCAT_WS(' ', JSON_VALUE(priv, '$.plugin'), JSON_VALUE(priv, '$.authentication_string'),
      NULLIF(JSON_COMPACT(JSON_QUERY(priv, '$.auth_or')), '[{}]')) FROM mysql.global_priv WHERE $where"
  fi
}

fits() { [[ $2 != - ]] && python3 "$HASHES" matches <<<"$1"$'\n'"$2"; }

# native_hash PASSWORD: MariaDB's, which every driver knows. It has no salt, which matters for passwords
# that somebody may have had before, not for these; and what crosses the network is encrypted.
native_hash() {
  printf '*%s' "$(printf %s "$1" | openssl dgst -sha1 -binary | openssl dgst -sha1 -r | cut -d ' ' -f 1 | tr a-f A-F)"
}

is_issued() {
  local current previous wanted kept first second
  load_password "$1"
  kept=$(stored "$1") || return
  if [[ -n $wanted ]]; then
    [[ $kept == "$wanted" ]]
  elif is_mysql; then
    read -r first second <<<"$kept"
    fits "$current" "${first:--}" || return
    if [[ -n $previous ]]; then fits "$previous" "$second"; else [[ $second == - ]]; fi
  else
    [[ $kept == "$(wanted_native)" ]]
  fi
}

wanted_native() {
  printf 'mysql_native_password %s' "$(native_hash "$current")"
  if [[ -n $previous ]]; then
    printf ' [{},{"plugin":"mysql_native_password","authentication_string":"%s"}]' "$(native_hash "$previous")"
  fi
}

passwords_are_issued() {
  local user found=0
  is_up || return
  for user in "${ACCOUNTS[@]}"; do
    is_issued "$user" || no "not so for $user" || found=1
  done
  return "$found"
}

mend_passwords() {
  local user current previous wanted
  for user in "${ACCOUNTS[@]}"; do
    load_password "$user"
    if is_issued "$user"; then continue; fi
    if [[ -n $wanted ]]; then issue_stored "$user"; elif is_mysql; then issue_dual "$user"; else issue_native "$user"; fi
    changed "gave $user its password${previous:+; the previous one is still good}"
  done
}

issue_native() {
  local how
  how="IDENTIFIED VIA mysql_native_password USING '$(native_hash "$current")'"
  if [[ -n $previous ]]; then how+=" OR mysql_native_password USING '$(native_hash "$previous")'"; fi
  tell <<<"CREATE USER IF NOT EXISTS $(account "$1") $how REQUIRE SSL; ALTER USER $(account "$1") $how REQUIRE SSL"
}

# issue_dual USER: MySQL keeps the password that is replaced, and only that. Whatever the server has, of
# the two that the settings name none is refused at any step, once it was good.
issue_dual() {
  local first second
  read -r first second <<<"$(stored "$1")"
  if [[ -z $first ]]; then
    tell <<<"CREATE USER $(account "$1") IDENTIFIED WITH caching_sha2_password AS 0x$(make_hash "${previous:-$current}") REQUIRE SSL"
  elif [[ $first == - ]]; then
    replace "$1" "${previous:-$current}" ''
  elif [[ -n $previous ]] && ! fits "$previous" "$first"; then
    # As the second one it would be lost to the next step.
    if fits "$current" "$second"; then replace "$1" "$current" 'RETAIN CURRENT PASSWORD'; fi
    replace "$1" "$previous" 'RETAIN CURRENT PASSWORD'
  fi
  if [[ -n $previous ]]; then
    replace "$1" "$current" 'RETAIN CURRENT PASSWORD'
    return 0
  fi
  if [[ ${first:--} != - ]] && ! fits "$current" "$first"; then replace "$1" "$current" ''; fi
  tell <<<"ALTER USER $(account "$1") DISCARD OLD PASSWORD"
}

# renew USER: an expired password is good again only once it has been set again.
renew() {
  local current previous wanted first
  load_password "$1"
  if [[ -n $wanted ]]; then
    issue_stored "$1"
  elif is_mysql; then
    read -r first _ <<<"$(stored "$1")"
    restore_hash "$1" "$first" ''
  else
    issue_native "$1"
  fi
}

make_hash() { python3 "$HASHES" make <<<"$1"; }

# replace USER PASSWORD HOW
replace() { restore_hash "$1" "$(make_hash "$2")" "$3"; }
