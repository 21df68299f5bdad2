# shellcheck shell=bash
# engine: the throw-away engine, of the kind and with the manners of the live one.
#
# It has a folder and a socket of its own and no network. It keeps no log and does not sync, because
# nothing in it is meant to last.

readonly ENGINE_STATE=/var/lib/private/stronghold-restore ENGINE_RUN=/run/stronghold-restore
readonly LIVE_SOCKET=/run/mysqld/mysqld.sock
readonly POOL_MB=128 ENGINE_MEMORY_MB=768 ENGINE_START_SECONDS=300

SERVER='' CLIENT='' DUMP='' LOG_READER=''
SOCKET='' ENGINE_UID=''
OPTIONS=() SET_UP=()

name_tools() {
  case $ENGINE in
    mysql) SERVER=/usr/sbin/mysqld CLIENT=mysql DUMP=mysqldump LOG_READER=mysqlbinlog ;;
    mariadb) SERVER=/usr/sbin/mariadbd CLIENT=mariadb DUMP=mariadb-dump LOG_READER=mariadb-binlog ;;
  esac
  # Debian's MariaDB answers to the name mysqld, too.
  [[ -x $SERVER && ($ENGINE == mariadb || $("$SERVER" --version) != *MariaDB*) ]] ||
    refuse "the archive is of $ENGINE, and $SERVER is not installed here"
}

# as_engine COMMAND...: as the throw-away engine's user, which owns nothing else on this server: what comes
# out of an archive is taken apart by nobody who matters.
as_engine() {
  if [[ -z $ENGINE_UID ]]; then
    "$@"
    return
  fi
  setpriv --reuid "$ENGINE_UID" --regid "$ENGINE_UID" --clear-groups --no-new-privs -- "$@"
}

# inside [OPTION...]: the throw-away engine's answer to the statements on stdin or in `-e`.
inside() {
  as_engine "$CLIENT" --no-defaults --socket="$SOCKET" --user=root --default-character-set=utf8mb4 \
    --batch --raw --skip-column-names --binary-mode "$@"
}

# live [OPTION...]: the live engine's. Its own binary log gets nothing of it: the log is the history of
# the one schema, and a restored copy would double it, and the archives of it.
live() {
  "$CLIENT" --no-defaults --socket="$LIVE_SOCKET" --user=root --default-character-set=utf8mb4 \
    --init-command='SET SESSION sql_log_bin=0' --batch --raw --skip-column-names --binary-mode "$@"
}

# require_room: a full disk stops the live engine. InnoDB needs more than the text it is made from.
require_room() {
  local needed free folder=/var/lib
  name_tools
  needed=$((SQL_BYTES * (${#INTO} > 0 ? 4 : 2) / 1048576 + 1024))
  if [[ -z $HERE && -d /var/lib/mysql ]]; then folder=/var/lib/mysql; fi
  free=$(($(stat -f -c '%a * %S' -- "${HERE:-$folder}") / 1048576))
  ((free >= needed)) || refuse "this takes up to $needed MB of disk for a while, and $free MB are free"
}

# server_options FOLDER SOCKET: one a line.
server_options() {
  printf '%s\n' --no-defaults "--datadir=$1/data" "--socket=$2" "--pid-file=$1/pid" "--tmpdir=$1/tmp" \
    --skip-networking --skip-log-bin --local-infile=OFF "--secure-file-priv=$1/tmp" --event-scheduler=OFF \
    "--innodb-buffer-pool-size=${POOL_MB}M" --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=OFF \
    --performance-schema=OFF --max-connections=10 --max-allowed-packet=1G --skip-name-resolve
  if [[ $ENGINE == mysql ]]; then printf '%s\n' --mysqlx=OFF --innodb-redo-log-capacity=256M; fi
  manners
}

# manners: what of the live engine's settings decides whether a dump can be loaded, and into what.
manners() {
  [[ -z $HERE ]] || return 0
  live -e "SELECT CONCAT_WS('\n', CONCAT('--lower-case-table-names=', @@lower_case_table_names),
    CONCAT('--innodb-page-size=', @@innodb_page_size), CONCAT('--character-set-server=', @@character_set_server),
    CONCAT('--collation-server=', @@collation_server))"
}

# set_up_words: the command that makes the data folder of a new engine.
set_up_words() {
  case $ENGINE in
    mysql) SET_UP=("$SERVER" "${OPTIONS[@]}" --initialize-insecure) ;;
    mariadb) SET_UP=(/usr/bin/mariadb-install-db "${OPTIONS[@]}" --auth-root-authentication-method=normal --skip-test-db) ;;
  esac
}

start_engine() {
  local folder=/var/lib/stronghold-restore
  say STEP "starting a throw-away engine"
  SOCKET=$ENGINE_RUN/socket
  if [[ -n $HERE ]]; then
    start_here
    return
  fi
  mapfile -t OPTIONS < <(server_options "$folder" "$SOCKET")
  set_up_words
  systemd-run --quiet --collect --unit="$ENGINE_UNIT" --service-type=notify \
    -p "BindsTo=$UNIT.service" -p "After=$UNIT.service" -p "TimeoutStartSec=$ENGINE_START_SECONDS" \
    -p "ExecStartPre=/bin/mkdir -p $folder/tmp $([[ $ENGINE == mysql ]] || printf '%s' "$folder/data")" \
    -p "ExecStartPre=${SET_UP[*]}" -p KillSignal=SIGKILL \
    -p DynamicUser=yes -p StateDirectory=stronghold-restore -p RuntimeDirectory=stronghold-restore \
    -p StateDirectoryMode=0700 -p RuntimeDirectoryMode=0700 \
    -p PrivateNetwork=yes -p RestrictAddressFamilies=AF_UNIX -p PrivateDevices=yes -p ProtectHome=yes \
    -p 'InaccessiblePaths=-/run/mysqld -/var/lib/mysql -/var/backups -/etc/stronghold -/var/lib/stronghold' \
    -p CapabilityBoundingSet= -p NoNewPrivileges=yes -p RestrictNamespaces=yes -p ProtectProc=invisible \
    -p "MemoryMax=${ENGINE_MEMORY_MB}M" -p OOMScoreAdjust=1000 -p Nice=10 -p IOWeight=50 \
    -p AppArmorProfile=-unconfined -- "$SERVER" "${OPTIONS[@]}" >"$WORK/start" 2>&1 ||
    refuse "the throw-away engine does not start; \`journalctl -u $ENGINE_UNIT\` says why: $(tail -n 1 "$WORK/start")"
  ENGINE_UID=$(stat -c %u -- "$ENGINE_RUN")
}
