# shellcheck shell=bash
# database/schemas: the application's, and none for tests.

schemas_are_wanted() {
  local schemas
  is_up || return
  schemas=$(sql <<<'SHOW DATABASES') || no "$schemas" || return
  [[ $'\n'$schemas$'\n' == *$'\n'"${PARAM[SCHEMA]}"$'\n'* ]] || no "there is no ${PARAM[SCHEMA]}" || return
  [[ ${PARAM[SCHEMA]} == test || $'\n'$schemas$'\n' != *$'\n'test$'\n'* ]] ||
    no "there is a schema called test; drop it yourself if it has tables"
}

# make_schema: a schema for tests goes if there is nothing in it; else it may be anybody's work.
make_schema() {
  if schemas_are_wanted >/dev/null; then return 0; fi
  if [[ ${PARAM[SCHEMA]} != test && $(sql <<<"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = 'test' AND
    NOT EXISTS (SELECT * FROM information_schema.tables WHERE table_schema = 'test')
    AND NOT EXISTS (SELECT * FROM information_schema.routines WHERE routine_schema = 'test')") == 1 ]]; then
    tell <<<'DROP DATABASE test'
    changed "dropped the empty schema test"
  fi
  if [[ $(sql <<<"SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '${PARAM[SCHEMA]}'") == 0 ]]; then
    tell <<<"CREATE DATABASE IF NOT EXISTS \`${PARAM[SCHEMA]}\` CHARACTER SET utf8mb4"
    changed "made the schema ${PARAM[SCHEMA]}"
  fi
}
