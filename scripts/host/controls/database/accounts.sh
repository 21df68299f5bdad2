# shellcheck shell=bash
# database/accounts: who may log in at all. Only names and how they prove who they are; their rights and
# passwords are elsewhere.

# shellcheck disable=SC2034 # used by rights.sh and passwords.sh
readonly ACCOUNTS=(application deployment)

# account USER: its name as the server writes it. No host but the application's server is ever in it.
account() { printf "'%s'@'%s'" "$1" "${PARAM[APP_HOST]}"; }

# accounts_found: NAME<TAB>STATE; the state has the way in, whether it is closed, and who else may take it.
# Of an empty text, MariaDB 10.11 (Ubuntu 24.04) makes no value at all.
accounts_found() {
  if is_mysql; then
    sql <<<"SELECT CONCAT(QUOTE(user), '@', QUOTE(host)), CONCAT_WS(' ', plugin, account_locked,
      IF(plugin = 'auth_socket', QUOTE(authentication_string), '')) FROM mysql.user"
  else
    sql <<<"SELECT CONCAT(QUOTE(user), '@', QUOTE(host)), CONCAT_WS(' ', JSON_VALUE(priv, '$.plugin'),
      IF(JSON_VALUE(priv, '$.account_locked'), 'Y', 'N'),
      QUOTE(COALESCE(JSON_VALUE(priv, '$.authentication_string'), '')), NULLIF(JSON_COMPACT(JSON_QUERY(priv, '$.auth_or')), '[{}]'))
      FROM mysql.global_priv"
  fi
}

# verdict NAME STATE: good, wrong (to be mended), or foreign (to be dropped). Besides root, who comes in
# over the socket as the system's root, the engines' own accounts are closed; Debian's maintenance
# account is root by another name.
verdict() {
  local socket=unix_socket
  if is_mysql; then socket=auth_socket; fi
  case $1 in
    "$(account application)" | "$(account deployment)") printf good ;;
    "'application'@"* | "'deployment'@"*)
      if [[ $2 == *" Y "* ]] && defines "$1"; then printf good; else printf foreign; fi
      ;;
    "'root'@'localhost'") [[ $2 == "$socket N ''" ]] && printf good || printf wrong ;;
    "'debian-sys-maint'@'localhost'")
      if ! is_mysql; then printf foreign; elif [[ $2 == "auth_socket N 'root'" ]]; then printf good; else printf wrong; fi
      ;;
    "'mysql.sys'@'localhost'" | "'mysql.session'@'localhost'" | "'mysql.infoschema'@'localhost'")
      if ! is_mysql; then printf foreign; elif [[ $2 == *" Y "* ]]; then printf good; else printf wrong; fi
      ;;
    "'mariadb.sys'@'localhost'")
      if is_mysql; then printf foreign; elif [[ $2 == *" Y "* ]]; then printf good; else printf wrong; fi
      ;;
    *) printf foreign ;;
  esac
}

accounts_are_wanted() {
  local name state found=0 lines
  is_up || return
  lines=$(accounts_found) || no "$lines" || return
  while IFS=$'\t' read -r name state; do
    case $(verdict "$name" "$state") in
      wrong) no "$name has another way in" || found=1 ;;
      foreign) no "$name" || found=1 ;;
    esac
  done <<<"$lines"
  lines=$(stray_rights) || no "$lines" || return
  [[ -z $lines ]] || no "rights of no account on ${lines//$'\n'/, }" || found=1
  return "$found"
}

mend_accounts() {
  local name state lines
  lines=$(accounts_found)
  while IFS=$'\t' read -r name state; do
    case $(verdict "$name" "$state") in
      wrong)
        tell <<<"ALTER USER $name $(right_way_in "$name")"
        changed "gave $name its own way in back"
        ;;
      foreign) drop_account "$name" ;;
    esac
  done <<<"$lines"
  if [[ -n $(stray_rights) ]]; then
    tell <<<"DELETE FROM mysql.db WHERE $STRAY; FLUSH LOCAL PRIVILEGES"
    changed "took away rights that belonged to no account"
  fi
}

right_way_in() {
  case $1 in
    "'root'@'localhost'") if is_mysql; then printf 'IDENTIFIED WITH auth_socket ACCOUNT UNLOCK'; else printf 'IDENTIFIED VIA unix_socket ACCOUNT UNLOCK'; fi ;;
    "'debian-sys-maint'@'localhost'") printf "IDENTIFIED WITH auth_socket AS 'root' ACCOUNT UNLOCK" ;;
    *) printf 'ACCOUNT LOCK' ;;
  esac
}

# defines NAME: whether views or the like run by its rights. Of an application's server that is gone,
# they would all break without it, so such an account is closed instead of dropped.
defines() {
  local kind list=''
  for kind in views routines triggers events; do
    list+="${list:+ UNION ALL }SELECT definer FROM information_schema.$kind"
  done
  [[ $(sql <<<"SELECT COUNT(*) FROM ($list) AS found WHERE CONCAT(QUOTE(SUBSTRING_INDEX(definer, '@', 1)), '@',
    QUOTE(SUBSTRING_INDEX(definer, '@', -1))) = $(quoted "$1")") != 0 ]]
}

# quoted TEXT: as a string of SQL.
quoted() { printf "'%s'" "${1//\'/\'\'}"; }

# drop_account NAME: together with what it has open, since rights are kept until a session ends.
drop_account() {
  local sessions
  if [[ $1 =~ ^\'(application|deployment)\'@ ]] && defines "$1"; then
    tell <<<"ALTER USER $1 ACCOUNT LOCK"
    changed "closed $1, by whose rights views run"
    return 0
  fi
  case $1 in
    "'PUBLIC'@''") tell <<<"DELETE FROM mysql.global_priv WHERE user = 'PUBLIC'; FLUSH LOCAL PRIVILEGES" ;;
    *"@''") if is_mysql; then tell <<<"DROP USER $1"; else tell <<<"DROP ROLE ${1%@*}"; fi ;;
    *) tell <<<"DROP USER $1" ;;
  esac
  changed "dropped the account $1"
  sessions=$(sql <<<"SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist
    WHERE user NOT IN ('root', 'application', 'deployment', 'debian-sys-maint', 'event_scheduler', 'system user',
    'unauthenticated user')")
  # One may have ended by itself meanwhile.
  if [[ -n $sessions ]]; then sql <<<"$sessions" &>/dev/null || true; fi
}

# Rights on a schema whose account has no name count for everybody: old installations had some for tests.
readonly STRAY="(user, host) NOT IN (SELECT user, host FROM mysql.user)"
stray_rights() { sql <<<"SELECT DISTINCT db FROM mysql.db WHERE $STRAY"; }
