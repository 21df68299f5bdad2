# shellcheck shell=bash
# publish: the throw-away engine's schema into a fresh one of the live engine.
#
# Rows and tables go over as an account that has rights on the fresh schema and no other. Only then come
# triggers, routines and views, with the right to keep their definers.

readonly RESTORER=stronghold_restore

publish() {
  local -a tables
  refuse_names
  vet_definers
  disable_events
  make_fresh
  say STEP "copying it into the schema $INTO"
  names_of 'BASE TABLE' tables
  if ((${#tables[@]} > 0)); then copy --skip-triggers -- "$SCHEMA" "${tables[@]}"; fi
  say STEP "comparing the copy"
  same checksums || undo "the copy in $INTO differs from the archive"
  copy_definitions
  same definitions || undo "triggers, views or routines of the copy in $INTO differ from the archive's"
  take_back
  name_borrowers
  # The last act: from here on the schema stays.
  rm -f -- "$STATE/unfinished"
}

# disable_events: those of the past must not begin to run. To alter one is to become its definer, unless
# the definer is said.
disable_events() {
  inside -e "SELECT CONCAT('ALTER DEFINER = ', $(account_of DEFINER), ' EVENT \`$SCHEMA\`.\`',
      REPLACE(EVENT_NAME, '\`', '\`\`'), '\` DISABLE;')
    FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$SCHEMA'" | inside
}

undo() {
  undo_unfinished
  refuse "$1"
}

# require_fresh: before hours are spent.
require_fresh() {
  local content
  content=$(live -e "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '$INTO' UNION ALL
    SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = '$INTO' UNION ALL
    SELECT COUNT(*) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = '$INTO'" | paste -sd +)
  ((content == 0)) || refuse "the schema $INTO is not empty; name one that does not exist yet"
}

# make_fresh: from its first statement on the state file says what is to be undone.
make_fresh() {
  local password before
  require_fresh
  before=$(character_set "$INTO")
  printf '%s\n' "$INTO" "$before" "DROP USER IF EXISTS $RESTORER@localhost;" >"$STATE/unfinished"
  sync -- "$STATE/unfinished" "$STATE"
  new_schema live "$INTO"
  password=$(head -c 24 /dev/urandom | base64)Aa1-
  printf '[client]\nuser=%s\npassword="%s"\n' "$RESTORER" "$password" >"$WORK/restorer"
  live <<<"DROP USER IF EXISTS $RESTORER@localhost;
    CREATE USER $RESTORER@localhost IDENTIFIED BY '$password';
    GRANT ALL PRIVILEGES ON $(granted "$INTO") TO $RESTORER@localhost;
    $(may_skip_log) $(may_write_alone)"
}

# may_skip_log: see `live`.
may_skip_log() {
  case $ENGINE in
    mysql) printf 'GRANT SESSION_VARIABLES_ADMIN ON *.* TO %s@localhost;' "$RESTORER" ;;
    mariadb) printf 'GRANT BINLOG ADMIN ON *.* TO %s@localhost;' "$RESTORER" ;;
  esac
}

# may_write_alone: a server that is being moved into lets nobody write before all is there; of what root may
# do about that, the account gets the one right that it takes.
may_write_alone() {
  [[ $(live -e 'SELECT @@global.read_only') != 0 ]] || return 0
  case $ENGINE in
    mysql) printf 'GRANT CONNECTION_ADMIN ON *.* TO %s@localhost;' "$RESTORER" ;;
    mariadb) printf 'GRANT READ_ONLY ADMIN ON *.* TO %s@localhost;' "$RESTORER" ;;
  esac
}

names_of() {
  local -n into=$2
  # shellcheck disable=SC2034 # read under the caller's name for it
  mapfile -t into < <(inside -e "SELECT TABLE_NAME FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = '$SCHEMA' AND TABLE_TYPE = '$1' ORDER BY TABLE_NAME")
}

# copy OPTION...: of the dump tool.
copy() {
  local -a words=("$DUMP" --no-defaults --socket="$SOCKET" --user=root --default-character-set=utf8mb4
    --single-transaction --quick --hex-blob --no-tablespaces --skip-comments --skip-add-drop-table --skip-add-locks
    --max-allowed-packet=1G)
  [[ $ENGINE == mariadb ]] || words+=(--set-gtid-purged=OFF)
  as_engine "${words[@]}" "$@" 2>"$WORK/dump" |
    "$CLIENT" --defaults-file="$WORK/restorer" --socket="$LIVE_SOCKET" --default-character-set=utf8mb4 \
      --init-command='SET SESSION sql_log_bin=0' --local-infile=0 --binary-mode --max-allowed-packet=1G "$INTO" 2>"$WORK/load" ||
    undo "the schema cannot be copied: $(said load) $(said dump)"
}

copy_definitions() {
  local -a views
  lend_rights
  live -e "$(may_set_definers "$RESTORER" "$TRUST_DEFINERS") $(may_create_functions)"
  # Views come last, since they may use functions.
  copy --no-create-info --no-data --triggers --routines --events -- "$SCHEMA"
  names_of VIEW views
  if ((${#views[@]} > 0)); then copy --no-data --skip-triggers -- "$SCHEMA" "${views[@]}"; fi
}

# may_create_functions: where the live engine keeps a binary log and trusts nobody's functions, this takes SUPER.
may_create_functions() {
  [[ $ENGINE == mysql && $(live -e 'SELECT @@log_bin AND NOT @@log_bin_trust_function_creators') == 1 ]] || return 0
  printf 'GRANT SUPER ON *.* TO %s@localhost;' "$RESTORER"
}

# same WHAT: whether both engines answer the same. One that does not answer is no proof of that.
same() {
  "$1" inside "$SCHEMA" >"$WORK/archive" && "$1" live "$INTO" >"$WORK/copy" && cmp --silent -- "$WORK/archive" "$WORK/copy"
}

checksums() { each_table "$1" "$2" 'SELECT %q; CHECKSUM TABLE %n;' | cut -f 2; }

# A view's own text names its schema, so that of it only the name and the definer can be compared.
definitions() {
  "$1" "$2" -e "SELECT 'view', TABLE_NAME, DEFINER, SECURITY_TYPE, '' FROM information_schema.VIEWS
      WHERE TABLE_SCHEMA = '$2' UNION ALL
    SELECT 'trigger', TRIGGER_NAME, DEFINER, EVENT_OBJECT_TABLE, SHA2(ACTION_STATEMENT, 256) FROM information_schema.TRIGGERS
      WHERE TRIGGER_SCHEMA = '$2' UNION ALL
    SELECT ROUTINE_TYPE, ROUTINE_NAME, DEFINER, SECURITY_TYPE, SHA2(ROUTINE_DEFINITION, 256) FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = '$2' UNION ALL
    SELECT 'event', EVENT_NAME, DEFINER, STATUS, SHA2(EVENT_DEFINITION, 256) FROM information_schema.EVENTS
      WHERE EVENT_SCHEMA = '$2'" | sort
}
