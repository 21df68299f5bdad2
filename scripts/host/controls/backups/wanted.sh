# shellcheck shell=bash disable=SC2034 # read by the checks
# backups/wanted: the files and folders of backup and restore.

readonly UNITS=(stronghold-backup.service stronghold-backup.timer stronghold-backup-logs.service
  stronghold-backup-logs.timer)

# Whether a program or unit had to be written.
renewed=no

load_wanted() {
  local path sandbox
  want_settings
  # Whatever lies below is a program or a part of one.
  while IFS= read -r path; do
    case $path in
      /usr/local/sbin/*) want_file programs 700 "$path" "backups$path" ;;
      /usr/local/lib/*) want_file programs 600 "$path" "backups$path" ;;
    esac
  done < <(cd "$HOST_DIR/files/backups" && find usr -type f -printf '/%p\n' | sort)
  sandbox=$(render backups/sandbox VAULT_HOST="${PARAM[VAULT_HOST]}")
  for path in "${UNITS[@]}"; do
    path=$SYSTEM_UNITS/$path
    want_file programs 644 "$path" "backups$path" SANDBOX="$sandbox" TIME="${PARAM[TIME]}" LOG_MINUTES="${PARAM[LOG_MINUTES]}"
  done
}

# want_settings: refuses what would only fail at night.
want_settings() {
  local recipients signing push host_key line key
  recipients=$(decoded RECIPIENTS_B64) signing=$(decoded SIGNING_KEY_B64)
  push=$(decoded PUSH_KEY_B64) host_key=$(decoded VAULT_HOST_KEY_B64)
  [[ -n $recipients ]] || usage "RECIPIENTS_B64 names nobody who could decrypt a backup"
  while IFS= read -r line; do
    [[ $line =~ ^age1[a-z0-9]{58,}$ ]] || usage "RECIPIENTS_B64 has a line that is no public key of age"
    age --encrypt --recipient "$line" </dev/null &>/dev/null ||
      usage "RECIPIENTS_B64 has a public key that age does not take"
  done <<<"$recipients"
  [[ $host_key =~ ^ssh-ed25519\ [A-Za-z0-9+/]{68}$ ]] || usage "VAULT_HOST_KEY_B64 is no Ed25519 host key"
  key=$(public_half "$signing") || usage "SIGNING_KEY_B64 is no private key without a passphrase"
  public_half "$push" >/dev/null || usage "PUSH_KEY_B64 is no private key without a passphrase"
  want settings 600 "$BACKUPS/recipients" "$recipients"
  want settings 600 "$BACKUPS/signing-key" "$signing"
  want settings 600 "$BACKUPS/push-key" "$push"
  want settings 600 "$BACKUPS/known_hosts" "${PARAM[VAULT_HOST]} $host_key"
  want settings 600 "$BACKUPS/allowed-signers" "${PARAM[ORIGIN]} namespaces=\"stronghold-backup\" $key"
  want_file settings 600 "$BACKUPS/settings" "backups$BACKUPS/settings" ENGINE="${PARAM[ENGINE]}" \
    SCHEMA="${PARAM[SCHEMA]}" ORIGIN="${PARAM[ORIGIN]}" KEEP="${PARAM[KEEP]}" LOG_MINUTES="${PARAM[LOG_MINUTES]}" \
    SIZE_CHANGE_PERCENT="${PARAM[SIZE_CHANGE_PERCENT]}" VAULT_HOST="${PARAM[VAULT_HOST]}"
}

# public_half KEY: ssh-keygen reads a private key from a file alone, so for a moment it is one, in memory.
public_half() {
  local file public status=0
  file=$(mktemp /run/stronghold-key.XXXXXX)
  printf '%s\n' "$1" >"$file"
  public=$(ssh-keygen -y -P '' -f "$file" 2>/dev/null) || status=1
  rm -f -- "$file"
  [[ $status == 0 && $public == 'ssh-ed25519 '* ]] || return 1
  cut -d ' ' -f 1,2 <<<"$public"
}

# wanted_folders: each with its mode.
wanted_folders() {
  printf '%s\n' "/etc/stronghold 755" "$BACKUPS 700" "$SPOOL 700" "$SPOOL/state 700" "$SPOOL/state/shipped 700"
  printf '%s\n' "${PATHS[@]}" | sed -n 's|^\(/usr/local/lib/[^/]*\)/.*|\1 755|p' | sort -u
}

validator() {
  case $1 in
    /usr/local/sbin/* | *.sh) printf 'bash -n' ;;
  esac
}

# surplus GROUP: what could change what the programs and units do, or read.
surplus() {
  local path
  while IFS= read -r path; do
    if [[ -z ${TEXT_OF[$path]+wanted} ]]; then printf '%s\n' "$path"; fi
  done < <(
    case $1 in
      settings) find "$BACKUPS" -mindepth 1 -maxdepth 1 2>/dev/null ;;
      programs)
        find {/etc,/run}/systemd/system -mindepth 1 -maxdepth 1 -name 'stronghold-backup*' 2>/dev/null
        find /usr/local/lib/stronghold-backup -mindepth 1 -maxdepth 1 2>/dev/null
        ;;
    esac
  )
}
