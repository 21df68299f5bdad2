# shellcheck shell=bash
# database/rights: what each of the stack's accounts may do, and how it must connect.

declare -gAr RIGHTS=(
  [application]='SELECT, INSERT, UPDATE, DELETE'
  # What migrations need. Nobody can be kept from dropping the schema who may drop its tables.
  [deployment]='SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, TRIGGER'
)

# schema_pattern: in a GRANT the name is a pattern, in which _ would also stand for any other character.
schema_pattern() { printf '\x60%s\x60' "${PARAM[SCHEMA]//_/\\_}"; }

# grants USER: as the server tells them, without how the account proves who it is.
grants() {
  local line
  sql <<<"SHOW GRANTS FOR $(account "$1")" | while IFS= read -r line; do
    line=${line%% IDENTIFIED *} line=${line%% REQUIRE *}
    printf '%s\n' "${line//"\`$1\`@\`${PARAM[APP_HOST]}\`"/it}"
  done
}

# words LIST: sorted, one a line.
words() { sort <<<"${1//, /$'\n'}"; }

# surplus_grants USER GRANTS: each as the statement that takes it away.
surplus_grants() {
  local line list object
  while IFS= read -r line; do
    if [[ $line == 'GRANT USAGE ON *.* TO it' ]]; then continue; fi
    if [[ $line =~ ^GRANT\ (.+)\ ON\ (.+)\ TO\ it(\ WITH\ GRANT\ OPTION)?$ ]]; then
      list=${BASH_REMATCH[1]} object=${BASH_REMATCH[2]}
      if [[ -n ${BASH_REMATCH[3]} ]]; then printf 'REVOKE GRANT OPTION ON %s FROM %s;\n' "$object" "$(account "$1")"; fi
      if [[ $object == "$(schema_pattern).*" ]]; then list=$(surplus_words "$list" "${RIGHTS[$1]}"); fi
      [[ -n $list && $list != USAGE ]] || continue
      printf 'REVOKE %s ON %s FROM %s;\n' "$list" "$object" "$(account "$1")"
    elif [[ $line =~ ^GRANT\ (.+)\ TO\ it(\ WITH\ (ADMIN|GRANT)\ OPTION)?$ ]]; then
      printf 'REVOKE %s FROM %s;\n' "${BASH_REMATCH[1]}" "$(account "$1")"
    else
      printf '%s;\n' "$line"
    fi
  done <<<"$2"
}

# surplus_words LIST WANTED: those of LIST that are not in WANTED.
surplus_words() {
  comm -23 <(words "$1") <(words "$2") | paste -sd ,
}

# has_rights USER GRANTS: all of those that are wanted.
has_rights() {
  local line
  while IFS= read -r line; do
    [[ $line =~ ^GRANT\ (.+)\ ON\ (.+)\ TO\ it$ && ${BASH_REMATCH[2]} == "$(schema_pattern).*" ]] || continue
    [[ $(words "${BASH_REMATCH[1]}") == "$(words "${RIGHTS[$1]}")" ]] && return 0
  done <<<"$2"
  return 1
}

# terms USER: encrypted connections alone, and neither closed nor with a password that is to be changed.
terms() {
  local from='mysql.user' locked=account_locked
  if ! is_mysql; then
    from='mysql.user JOIN mysql.global_priv USING (host, user)'
    locked="IF(JSON_VALUE(priv, '$.account_locked'), 'Y', 'N')"
  fi
  sql <<<"SELECT CONCAT_WS(' ', ssl_type, $locked, password_expired) FROM $from
    WHERE user = '$1' AND host = '${PARAM[APP_HOST]}'"
}

readonly TERMS='ANY N N'

account_is_exact() {
  local found granted
  is_up || return
  found=$(terms "$1") || no "$found" || return
  [[ -n $found ]] || no "there is no $(account "$1")" || return
  [[ $found == "$TERMS" ]] || no "it may connect without encryption, is closed or has expired: $found" || return
  granted=$(grants "$1") || no "its rights cannot be told" || return
  found=$(surplus_grants "$1" "$granted")
  [[ -z $found ]] || no "it has more: ${found//$'\n'/ }" || return
  has_rights "$1" "$granted" || no "it has less: $(grep -v USAGE <<<"$granted")"
}

mend_rights() {
  local user found granted
  for user in "${ACCOUNTS[@]}"; do
    found=$(terms "$user")
    if [[ $found == *' Y' ]]; then renew "$user"; fi
    if [[ $found != "$TERMS" ]]; then
      tell <<<"ALTER USER $(account "$user") REQUIRE SSL PASSWORD EXPIRE NEVER ACCOUNT UNLOCK"
      changed "set how $user must connect"
    fi
    granted=$(grants "$user")
    found=$(surplus_grants "$user" "$granted")
    if [[ -n $found ]]; then
      tell <<<"$found"
      changed "took from $user what it should not have"
      granted=$(grants "$user")
    fi
    if ! has_rights "$user" "$granted"; then
      tell <<<"GRANT ${RIGHTS[$user]} ON $(schema_pattern).* TO $(account "$user")"
      changed "gave $user its rights on ${PARAM[SCHEMA]}"
    fi
  done
}
