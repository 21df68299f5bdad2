# shellcheck shell=bash disable=SC2034 # read by the checks
# database/wanted: the files of the settings, and what the server must say when it has read them.

# shellcheck source-path=SCRIPTDIR source=engine.sh
source "$HOST_DIR/controls/database/engine.sh"

readonly KEYS=/etc/mysql/stronghold EXCHANGE=/var/lib/mysql-files

# By path: mode, owner and text of a wanted file; `paths` keeps the order. By name: a wanted setting.
paths=()
declare -gA mode_of=() owner_of=() text_of=() setting=()

want() {
  [[ -n ${text_of[$1]+wanted} ]] || paths+=("$1")
  mode_of[$1]=$2 owner_of[$1]=$3 text_of[$1]=$4
}

load_wanted() {
  local unit=/etc/systemd/system logs=''
  choose_engine
  want_certificate
  want "$unit/$UNIT.service.d/zz-stronghold.conf" 644 root:root "$(render "database$unit/zz-stronghold.conf")"
  want "$CONFIG" 644 root:root "$(config_text)"
  logs="$LOGS/error.log $LOGS/slow.log"
  if is_mysql; then logs+=" $LOGS/audit.log"; fi
  want "$ROTATION" 644 root:root \
    "$(render database/etc/logrotate.d/database LOGS="$logs" UNIT="$UNIT" CLIENT="$CLIENT")"
  load_settings
}

config_text() {
  local audit=OFF
  [[ ${PARAM[AUDIT_LOG]} == no ]] || audit=ON
  render "database$CONFIG" BIND_ADDRESS="${PARAM[BIND_ADDRESS]}" AUDIT_LOG="$audit" PURGE="$(purge_text)"
  if ! is_mysql && [[ $audit == ON ]]; then render "database${CONFIG%/*}/audit-log.cnf"; fi
}

# purge_text: MariaDB does not start with a setting that it does not know, as 10.11 of Ubuntu 24.04 does not
# know this one. It has no need of it either.
purge_text() {
  local version
  if is_mysql; then return 0; fi
  version=$("$SERVER" --version | sed -n 's/.* Ver \([0-9.]*\).*/\1/p')
  if at_least 11.4 "$version"; then printf '\nslave_connections_needed_for_purge = 0'; fi
}

# load_settings: what the configuration says, and what the server calls it where the names differ.
load_settings() {
  local line name
  setting=()
  while IFS= read -r line; do
    [[ $line =~ ^([a-z0-9_]+)\ =\ (.*)$ ]] || continue
    setting[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
  done <<<"${text_of[$CONFIG]}"
  for name in mysqlx symbolic_links plugin_load_add server_audit; do unset "setting[$name]"; done
  setting[have_symlink]=DISABLED setting[log_bin]=ON setting[log_bin_basename]=$DATA/binlog
  setting[datadir]=$DATA/ setting[read_only]=OFF setting[init_connect]=''
  if is_mysql; then setting[binlog_format]=ROW setting[admin_address]='' setting[mandatory_roles]=''; fi
}

# want_certificate: refuses what would leave the server without TLS, or with another's name.
want_certificate() {
  local ca certificate key address=${PARAM[BIND_ADDRESS]}
  ca=$(decoded CA_B64) certificate=$(decoded CERT_B64) key=$(decoded KEY_B64)
  openssl x509 -noout <<<"$ca" &>/dev/null || usage "CA_B64 is no certificate"
  openssl x509 -noout <<<"$certificate" &>/dev/null || usage "CERT_B64 is no certificate"
  openssl pkey -noout <<<"$key" &>/dev/null || usage "KEY_B64 is no private key"
  [[ $(openssl pkey -pubout <<<"$key") == "$(openssl x509 -pubkey -noout <<<"$certificate")" ]] ||
    usage "KEY_B64 is not the key of CERT_B64"
  openssl verify -purpose sslserver -verify_ip "$address" -no-CApath -no-CAstore \
    -CAfile <(printf '%s\n' "$ca") <<<"$certificate" &>/dev/null ||
    usage "CERT_B64 is not a valid certificate of CA_B64 for $address"
  want "$KEYS/ca.pem" 644 root:root "$ca"
  want "$KEYS/server.pem" 640 root:mysql "$certificate"$'\n'"$key"
}

# wanted_folders: each with mode and owner.
wanted_folders() {
  printf '%s\n' "$KEYS 755 root:root" "/etc/systemd/system/$UNIT.service.d 755 root:root" \
    "$DATA 750 mysql:mysql" "$EXCHANGE 700 mysql:mysql" "$LOGS 750 mysql:adm"
}

is_folder() { [[ -d $1 && ! -L $1 && $(stat -c '%a %U:%G' -- "$1") == "$2 $3" ]]; }

make_folders() {
  local folder mode owner
  while read -r folder mode owner; do
    if is_folder "$folder" "$mode" "$owner"; then continue; fi
    [[ ! -L $folder ]] || die 70 "$folder is a link: move what it leads to in its place, then run again"
    install -d -m "$mode" -o "${owner%:*}" -g "${owner#*:}" -- "$folder"
    changed "made $folder ${owner%:*}'s, with mode $mode"
  done < <(wanted_folders)
}

put_files() {
  local path
  for path in "${paths[@]}"; do
    # shellcheck disable=SC2046 # words
    put_file "$path" "${mode_of[$path]}" "${owner_of[$path]}" $(validator "$path") <<<"${text_of[$path]}"
  done
}

# validator: the checker of a file's own program, to be called with the path.
validator() {
  case $1 in
    "$CONFIG") printf config_is_valid ;;
    "$ROTATION") printf 'logrotate --debug' ;;
  esac
}

# config_is_valid FILE: MariaDB has no option for it, but reads all settings before it shows them.
config_is_valid() {
  local check=--validate-config
  is_mysql || check='--verbose --help'
  # shellcheck disable=SC2086 # words
  "$SERVER" --defaults-file="$1" --user=mysql $check
}
