# shellcheck shell=bash disable=SC2034 # read by the checks
# application/wanted: the application's files, folders and units.

readonly UNITS=(application.service application-trial@.service application-migrate@.service application-https.socket
  application-redirect.socket application-redirect.service application-trial@.socket application-watch.service
  application-watch.timer application-certificate.service application-certificate.timer)

load_wanted() {
  local path sandbox
  OWNERS=("$OWNER")
  if uses_acme; then OWNERS+=("$ACME_OWNER"); fi
  want_secrets
  sandbox=$(render application/sandbox MEMORY_MB="${PARAM[MEMORY_MB]}" HEAP_MB="$((PARAM[MEMORY_MB] * 3 / 4))" TASKS="${PARAM[TASKS]}")
  while IFS= read -r path; do
    case $path in
      "$CONFIG") ;;
      "$PROGRAM") want_file programs 700 "$path" "application$path" ;;
      *) want_file programs 644 "$path" "application$path" SANDBOX="$sandbox" HOSTS="${PARAM[HOSTS]}" ;;
    esac
  done < <(cd "$HOST_DIR/files/application" && find usr etc -type f -printf '/%p\n' | sort)
  if uses_acme; then want_acme; fi
  # For the program: the host of the origin.
  want programs 644 /etc/stronghold/application "${PARAM[HOSTS]%% *}"
}

# want_secrets: refuses what would only fail at the first visitor.
want_secrets() {
  local chain key password filled
  chain=$(decoded CERTIFICATE_B64) key=$(decoded KEY_B64) password=$(decoded DB_PASSWORD_B64)
  [[ $password =~ ^[A-Za-z0-9]{32}$ ]] || usage "DB_PASSWORD_B64 is not 32 letters and digits"
  openssl x509 -noout <<<"$chain" &>/dev/null || usage "CERTIFICATE_B64 is no certificate"
  [[ $(openssl pkey -pubout <<<"$key" 2>/dev/null) == "$(openssl x509 -pubkey -noout <<<"$chain")" ]] ||
    usage "KEY_B64 is not the private key of CERTIFICATE_B64"
  if uses_acme && ! acme_certified; then
    chain=$(decoded CERTIFICATE_B64) key=$(decoded KEY_B64)
  fi
  want_own ssl 400 "$CERTIFICATE" "$chain"
  want_own ssl 400 "$KEY" "$key"
  fill "application$CONFIG" ORIGIN="https://${PARAM[HOSTS]%% *}" DB_HOST="${PARAM[DB_HOST]}" \
    DB_SCHEMA="${PARAM[DB_SCHEMA]}" DB_PASSWORD="$password"
  want_own config 400 "$CONFIG" "$filled"
}

# want_own GROUP MODE PATH TEXT: the application's.
want_own() {
  want "$@"
  OWNER_OF[$3]=$OWNER:$OWNER
}

# wanted_folders: each with its mode and owner.
wanted_folders() {
  printf '%s\n' "/etc/stronghold 755" "/var/lib/stronghold 700" "/var/lib/stronghold/application 700" "$LIBRARY 755" \
    "$ROOT 755" "$ROOT/placeholder 755" "$ROOT/releases 755" "$ROOT/config 700 $OWNER:$OWNER" "$ROOT/ssl 700 $OWNER:$OWNER"
  if uses_acme; then acme_folders; fi
}

validator() {
  case $1 in
    "$PROGRAM" | "$LIBRARY"/*.sh) printf 'bash -n' ;;
  esac
}

# surplus: what could change what the units and programs do, and what lies beside the application's own.
surplus() {
  local path name
  unwanted "$LIBRARY"/* "$ROOT"/{config,ssl,placeholder}/{*,.[!.]*} /{etc,run}/systemd/system{,.control}/application* \
    /etc/stronghold/acme/*
  for path in "$ROOT"/* "$ROOT"/.[!.]*; do
    name=${path##*/}
    [[ -e $path || -L $path ]] || continue
    case $name in
      config | current | .current | placeholder | releases | ssl) ;;
      *) printf '%s\n' "$path" ;;
    esac
  done
}
