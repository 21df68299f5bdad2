# shellcheck shell=bash disable=SC2034 # read by the checks
# database/engine: what differs between the engines, and how the running server is asked and told.

readonly SOCKET=/run/mysqld/mysqld.sock DATA=/var/lib/mysql LOGS=/var/log/mysql
readonly START_SECONDS=180 ANSWER_SECONDS=30

# What the running server says: its settings by name, and why it says nothing.
declare -gA running=()
silence=''

# choose_engine: sets what both are called by, UNIT, CLIENT, SERVER and CONFIG.
choose_engine() {
  case ${PARAM[ENGINE]} in
    mysql)
      UNIT=mysql CLIENT=mysql SERVER=mysqld
      CONFIG=/etc/mysql/mysql.conf.d/zz-stronghold.cnf ROTATION=/etc/logrotate.d/mysql-server
      ;;
    mariadb)
      UNIT=mariadb CLIENT=mariadb SERVER=mariadbd
      CONFIG=/etc/mysql/mariadb.conf.d/zz-stronghold.cnf ROTATION=/etc/logrotate.d/mariadb
      ;;
  esac
  [[ -x /usr/sbin/$SERVER && -x /usr/bin/$CLIENT ]] ||
    refuse DATABASE-00 "${PARAM[ENGINE]} is not installed, apply the control packages with its server and client"
}

is_mysql() { [[ ${PARAM[ENGINE]} == mysql ]]; }

# sql <<<"$statements": what the server answers, as root over its socket. Nothing of what the control
# says goes to the binary log: accounts are no part of a backup, and a restore must not bring old ones.
sql() {
  local statements
  IFS= read -r -d '' statements || true
  "$CLIENT" --no-defaults --user=root --protocol=socket --socket="$SOCKET" --connect-timeout=10 \
    --default-character-set=utf8mb4 --batch --raw --skip-column-names \
    <<<"SET SESSION sql_log_bin = 0; $statements"
}

# tell <<<"$statements": as sql, but a failure ends the run. The client quotes from a statement that it
# could not run, and there are hashes of passwords in some: its words are kept back.
tell() {
  local errors
  errors=$(sql 2>&1 >/dev/null) && return 0
  die 70 "the database refused a change: $(sed -E "s/'[^']*'?|0x[0-9A-Fa-f]+/.../g" <<<"${errors:0:300}")"
}

# read_server: asks for all settings at once.
read_server() {
  local name value table=information_schema lines
  running=() silence=''
  if is_mysql; then table=performance_schema; fi
  if ! lines=$(sql 2>&1 <<<"SELECT LOWER(variable_name), variable_value FROM $table.global_variables"); then
    silence=${lines:-it does not answer}
    return 0
  fi
  while IFS=$'\t' read -r name value; do running[$name]=$value; done <<<"$lines"
}

answers() { sql <<<'SELECT 1' &>/dev/null; }

# await_server: it may be starting, and recovering what a crash left.
await_server() {
  local deadline=$((SECONDS + ANSWER_SECONDS))
  while ! answers && is_starting && ((SECONDS < deadline)); do sleep 0.2; done
}

is_starting() {
  [[ $(systemctl show --property=ActiveState --value "$UNIT.service") =~ ^(active|activating|reloading)$ ]]
}

restart_server() {
  local deadline=$((SECONDS + START_SECONDS))
  # Its own try may fail where the unit's next one does not; what counts is that it answers.
  timeout "$START_SECONDS" systemctl restart "$UNIT.service" &>/dev/null || true
  until answers; do
    ((SECONDS < deadline)) ||
      die 70 "$UNIT does not answer within $START_SECONDS s: $(tail -n 5 "$LOGS/error.log" 2>&1)"
    sleep 0.2
  done
  changed "started $UNIT anew"
}
