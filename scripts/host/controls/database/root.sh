# shellcheck shell=bash
# database/root: the way back in, where root's own account was changed so that the system's root is
# refused. The server itself carries out a file at its start, as its vendors advise.

readonly ROOT_SQL=$KEYS/root-by-socket.sql
# After every other file, and in a group that both engines read.
root_config() { printf '%s/zzz-stronghold-root.cnf' "${CONFIG%/*}"; }

# mend_root: nothing of it stays, whether or not an earlier run was killed in it.
mend_root() {
  local said leftover
  for leftover in "$(root_config)" "$ROOT_SQL"; do
    if [[ -e $leftover ]]; then rm -f -- "$leftover"; fi
  done
  if said=$(sql 2>&1 <<<'SELECT 1') || [[ ! $said =~ ERROR\ (1045|1698|1130|1524|1862|3118|4151) ]]; then return 0; fi
  install -m 640 -o root -g mysql -- "$HOST_DIR/files/database$KEYS/${PARAM[ENGINE]}-root.sql" "$ROOT_SQL"
  printf '[mysqld]\ninit_file = %s\n' "$ROOT_SQL" >"$(root_config)"
  chmod 644 -- "$(root_config)"
  restart_server
  rm -f -- "$(root_config)" "$ROOT_SQL"
  changed "let the system's root in again"
}
