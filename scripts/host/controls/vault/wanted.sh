# shellcheck shell=bash
# vault/wanted: the vault's files and folders.

readonly PROGRAMS=(prepare receive keep retire check)
readonly UNITS=(stronghold-vault.socket stronghold-vault@.service stronghold-vault-retire.service
  stronghold-vault-retire.timer stronghold-vault-check.service stronghold-vault-check.timer)

load_wanted() {
  local name path
  path=/etc/stronghold/vault
  want_file own 644 "$path" "vault$path" QUOTA_MB="${PARAM[QUOTA_MB]}" KEEP_DAYS="${PARAM[KEEP_DAYS]}" \
    LATE_HOURS="${PARAM[LATE_HOURS]}"
  want_file own 644 "$LIBRARY/library.sh" "vault$LIBRARY/library.sh"
  for name in "${PROGRAMS[@]}"; do
    want_file own 755 "$LIBRARY/$name" "vault$LIBRARY/$name"
  done
  path=/usr/local/sbin/stronghold-vault
  want_file own 700 "$path" "vault$path"
  for name in "${UNITS[@]}"; do
    want_file own 644 "$SYSTEM_UNITS/$name" "vault$SYSTEM_UNITS/$name" QUOTA_MB="${PARAM[QUOTA_MB]}"
  done
}

# wanted_folders: each with its mode and owner.
wanted_folders() {
  printf '%s\n' "/etc/stronghold 755 root:root" "/var/lib/stronghold 700 root:root" \
    "$VAULT_STATE 700 root:root" "$LIBRARY 755 root:root" "${VAULT%/*} 755 root:root" "$VAULT 750 root:$VAULT_OWNER" \
    "$VAULT/files 755 root:root" "$VAULT/incoming 755 root:root"
}

validator() {
  case $1 in
    "$LIBRARY"/* | */stronghold-vault) [[ $1 == /etc/* ]] || printf 'bash -n' ;;
  esac
}

# surplus: what could change what the programs and units do, or lies in the vault beside its own.
surplus() {
  local path name
  unwanted "$LIBRARY"/* /{etc,run}/systemd/system{,.control}/stronghold-vault*
  for path in "$VAULT"/* "$VAULT"/.[!.]*; do
    name=${path##*/}
    [[ -e $path || -L $path ]] || continue
    case $name in
      files | incoming | lock | refused) ;;
      *) printf '%s\n' "$path" ;;
    esac
  done
}
