# shellcheck shell=bash
# lend: rights in the fresh schema, for as long as it takes to make its views.
#
# A view can only be made if its definer is there and may use what the view shows, in the copy, too. An
# account that is missing is made and locked. Everything is taken back at the end; the state file has the
# statements for that before anything is given. It is not for a restore to give rights that last: it says
# who lacks which.

# Accounts that were lent something.
BORROWERS=()

lend_rights() {
  local account
  while IFS= read -r account; do
    if has_power "$account" || has_rights "$account"; then continue; fi
    BORROWERS+=("$account")
    if ! is_there "$account"; then
      lend "DROP USER IF EXISTS $account;" "CREATE USER $account ACCOUNT LOCK; $(all_rights_of "$account")"
    else
      lend "REVOKE ALL PRIVILEGES ON $(granted "$INTO") FROM $account;" "$(all_rights_of "$account")"
    fi
  done < <(definers)
}

is_there() { (($(live -e "SELECT COUNT(*) FROM mysql.user WHERE $(is_account "$1")") > 0)); }

# has_rights ACCOUNT: in the fresh schema, from of old; they stay.
has_rights() {
  (($(live -e "SELECT COUNT(*) FROM mysql.db WHERE $(is_account "$1") AND REPLACE(Db, CHAR(92), '') = '$INTO'") > 0))
}

is_account() { printf "CONCAT(QUOTE(User), '@', QUOTE(Host)) = %s" "$(literal "$1")"; }

all_rights_of() { printf 'GRANT ALL PRIVILEGES ON %s TO %s;' "$(granted "$INTO")" "$1"; }

# lend BACK STATEMENTS
lend() {
  printf '%s\n' "$1" >>"$STATE/unfinished"
  sync -- "$STATE/unfinished"
  live -e "$2"
}

# take_back: everything that was lent, the restorer's own account included.
take_back() { tail -n +3 -- "$STATE/unfinished" | live "$@"; }

# name_borrowers: whose views, triggers and routines do not run in the fresh schema by now, and what makes them.
name_borrowers() {
  local account rights
  for account in "${BORROWERS[@]}"; do
    rights=$(live -e "SELECT GROUP_CONCAT(DISTINCT PRIVILEGE_TYPE ORDER BY PRIVILEGE_TYPE SEPARATOR ', ')
      FROM information_schema.SCHEMA_PRIVILEGES WHERE GRANTEE = $(literal "$account")
        AND REPLACE(TABLE_SCHEMA, CHAR(92), '') = '$SCHEMA' HAVING COUNT(*) > 0")
    if [[ -n $rights ]]; then
      say NOTE "views, triggers and routines of $account do not run in $INTO, where it has no rights; \
to give it those that it has in $SCHEMA: GRANT $rights ON $(granted "$INTO") TO $account;"
    else
      say NOTE "views, triggers and routines of $account do not run in $INTO, as it has no rights on a schema here, or is not there"
    fi
  done
}
