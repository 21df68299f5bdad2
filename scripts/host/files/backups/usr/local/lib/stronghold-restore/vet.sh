# shellcheck shell=bash
# vet: what of an archive must not come near the live engine, however well it is signed.

# refuse_names: names with control characters are in no honest schema, and dump tools have stumbled on them.
refuse_names() {
  local names
  names=$(inside -e "SELECT COUNT(*) FROM (
    SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT INDEX_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS WHERE TABLE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$SCHEMA' UNION ALL
    SELECT ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$SCHEMA'
  ) AS names WHERE HEX(name) REGEXP '^(..)*([01].|7F)'")
  ((names == 0)) || refuse "the archive has names with control characters in them, which no application gives"
}

# vet_definers: whatever runs with its definer's rights must not bring an archive's author rights over
# the whole server.
vet_definers() {
  local definer found=''
  while IFS= read -r definer; do
    if has_power "$definer"; then found+="${found:+, }$definer"; fi
  done < <(definers)
  [[ -n $found ]] || return 0
  [[ $TRUST_DEFINERS == yes ]] ||
    refuse "triggers, views or routines of the archive run with the rights of $found, an account with power over \
the whole server; if that is meant to be, restore with --trust-definers"
  say NOTE "kept definers with power over the whole server: $found"
}

# has_power ACCOUNT: over the whole live server.
has_power() {
  (($(live -e "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES
    WHERE GRANTEE = $(literal "$1") AND PRIVILEGE_TYPE <> 'USAGE'") > 0))
}

# literal TEXT: as a statement has it.
literal() {
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\'\'}"
}

definers() {
  inside -e "SELECT DISTINCT $(account_of definer) FROM (
    SELECT DEFINER AS definer FROM information_schema.VIEWS WHERE TABLE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT DEFINER FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = '$SCHEMA' UNION ALL
    SELECT DEFINER FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$SCHEMA' UNION ALL
    SELECT DEFINER FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$SCHEMA') AS all_of_them"
}

# account_of COLUMN: name@host as an account is written in a statement.
account_of() {
  printf "CONCAT(QUOTE(SUBSTRING_INDEX(%s, '@', CHAR_LENGTH(%s) - CHAR_LENGTH(REPLACE(%s, '@', '')))), '@',
    QUOTE(SUBSTRING_INDEX(%s, '@', -1)))" "$1" "$1" "$1" "$1"
}
