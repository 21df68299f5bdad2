# shellcheck shell=bash disable=SC2034 # read by the checks
# database/wanted: the files of the settings, and what the server must say when it has read them.

# shellcheck source-path=SCRIPTDIR source=engine.sh
source "$HOST_DIR/controls/database/engine.sh"

readonly KEYS=/etc/mysql/stronghold EXCHANGE=/var/lib/mysql-files

# A wanted setting, by its name.
declare -gA setting=()

load_wanted() {
  local unit=/etc/systemd/system logs=''
  choose_engine
  want_certificate
  want_file own 644 "$unit/$UNIT.service.d/zz-stronghold.conf" "database$unit/zz-stronghold.conf"
  want own 644 "$CONFIG" "$(config_text)"
  logs="$LOGS/error.log $LOGS/slow.log"
  if is_mysql; then logs+=" $LOGS/audit.log"; fi
  want_file own 644 "$ROTATION" database/etc/logrotate.d/database LOGS="$logs" UNIT="$UNIT" CLIENT="$CLIENT"
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
  done <<<"${TEXT_OF[$CONFIG]}"
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
  want own 644 "$KEYS/ca.pem" "$ca"
  want own 640 "$KEYS/server.pem" "$certificate"$'\n'"$key"
  OWNER_OF["$KEYS/server.pem"]=root:mysql
}

# wanted_folders: each with its mode and its owner.
wanted_folders() {
  printf '%s\n' "$KEYS 755 root:root" "/etc/systemd/system/$UNIT.service.d 755 root:root" \
    "$DATA 750 mysql:mysql" "$EXCHANGE 700 mysql:mysql" "$LOGS 750 mysql:adm"
}

# refuse_links: behind one may be all of the data, on a disk of its own.
refuse_links() {
  local folder
  while read -r folder _; do
    [[ ! -L $folder ]] || die 70 "$folder is a link: move what it leads to in its place, then run again"
  done < <(wanted_folders)
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
