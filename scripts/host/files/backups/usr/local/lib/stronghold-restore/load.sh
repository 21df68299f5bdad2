# shellcheck shell=bash
# load: the archive's SQL into the throw-away engine, and what has come of it.

readonly FAULT_BYTES_MAX=300

# said NAME: what a tool has said, in a few words. The clients quote the statement before they come to the point.
said() {
  local lines
  lines=$(grep -a '^ERROR' -- "$WORK/$1") || lines=$(<"$WORK/$1")
  printf '%s' "${lines:0:FAULT_BYTES_MAX}"
}

# load_archive: as an account that has rights on the one schema. The client runs no command of its own, so
# `\! sh` in the text is nothing but a syntax error.
load_archive() {
  local codes sound=yes
  new_schema inside "$SCHEMA"
  inside -e "CREATE USER loader@localhost; GRANT ALL PRIVILEGES ON $(granted "$SCHEMA") TO loader@localhost;
    $(may_set_definers loader yes)"
  say STEP "loading $((SQL_BYTES / 1048576)) MB of SQL into it"
  unpacked "$SQL_BYTES" sql | with_definers | inside --user=loader --local-infile=0 --max-allowed-packet=1G "$SCHEMA" 2>"$WORK/load" ||
    codes="${PIPESTATUS[*]}"
  is_as_promised sql "$SQL_SHA256" || sound=no
  if [[ $sound == no || ${codes-0 0 0} != *' 0' ]]; then
    [[ $sound == yes ]] || refuse "what came out of the archive is not what its manifest promises: it is cut off or altered"
    refuse "the archive's SQL does not run: $(said load)"
  fi
  [[ ${codes-0 0 0} == '0 0 0' ]] || refuse "the transfer broke off: $(said faults)"
}

# with_definers: passes SQL on. The program is read by root, as nobody else can.
with_definers() {
  as_engine perl -e "$(<"$LIBRARY/definers.pl")" "$(granted "$SCHEMA")" "$CLIENT" --no-defaults --socket="$SOCKET" --user=root \
    2>>"$WORK/faults"
}

# new_schema ENGINE NAME: with the character set of the live engine's schema, which a dump of tables does
# not tell.
new_schema() {
  local manner=''
  if [[ -z $HERE ]]; then manner=$(character_set "$SCHEMA"); fi
  "$1" -e "CREATE DATABASE IF NOT EXISTS \`$2\`$manner"
}

# character_set SCHEMA: of the live engine, as CREATE DATABASE takes it; nothing where there is no such schema.
character_set() {
  live -e "SELECT CONCAT(' CHARACTER SET ', DEFAULT_CHARACTER_SET_NAME, ' COLLATE ', DEFAULT_COLLATION_NAME)
    FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '$1'"
}

# granted SCHEMA: as GRANT takes it, where an underscore would stand for any letter.
granted() { printf '%s' "\`${1//_/\\_}\`.*"; }

# may_set_definers ACCOUNT PRIVILEGED: the statement that lets it keep the definers of triggers, views and
# routines, those of privileged accounts only if asked to.
may_set_definers() {
  local rights='SET USER'
  if [[ $ENGINE == mysql ]]; then
    rights='SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER'
    # Before 8.2 it was one.
    [[ $(inside -e "SHOW PRIVILEGES") == *SET_ANY_DEFINER* ]] || rights=SET_USER_ID
    if [[ $2 == yes ]]; then rights+=', SYSTEM_USER'; fi
  fi
  printf 'GRANT %s ON *.* TO %s@localhost;' "$rights" "$1"
}

# each_table ENGINE SCHEMA STATEMENT: the answers to a statement a table, in the order of their names. The
# statement has %n for the name in backticks, and %q for it in quotes.
each_table() {
  local statement="'${3//\'/\'\'}'"
  "$1" -e "SELECT REPLACE(REPLACE($statement, '%q', QUOTE(TABLE_NAME)), '%n',
      CONCAT('\`$2\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`'))
    FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$2' AND TABLE_TYPE = 'BASE TABLE'
    ORDER BY CAST(TABLE_NAME AS BINARY)" | "$1"
}

compare_rows() {
  local difference
  each_table inside "$SCHEMA" 'SELECT COUNT(*), %q FROM %n;' | sort >"$WORK/rows"
  difference=$(printf '%s\n' "${TABLES[@]}" | sed '/^$/d' | sort | diff -- - "$WORK/rows" | grep '^[<>]' | head -n 5) || true
  [[ -z $difference ]] || refuse "rows differ from the manifest (< promised, > found): ${difference//$'\n'/; }"
  while IFS= read -r difference; do say ROWS "$difference"; done <"$WORK/rows"
}

check_tables() {
  local faults
  say STEP "checking ${#TABLES[@]} tables"
  faults=$(each_table inside "$SCHEMA" 'CHECK TABLE %n;' |
    awk -F '\t' '$3 == "error" || $3 == "Error" || ($3 == "status" && $4 != "OK") { print $1 ": " $4 }' | head -n 5)
  [[ -z $faults ]] || refuse "CHECK TABLE finds faults: $faults"
}
