# shellcheck shell=bash
# exchange: migrates, tries a release, and puts it in the place of the one that serves.

readonly SERVICE=application.service START_SECONDS=60
# The releases that are being exchanged, for whoever finds this half done: OLD NEW, as `current` names them.
readonly PENDING=$STATE/pending
# The host of the application's origin, on one line.
readonly HOST_FILE=/etc/stronghold/application

# ask_health CURL-OPTION...: prints the status of /health; 000 where nothing answers. Whether the certificate is the
# right one is a question of the control's, not of a release's.
ask_health() {
  curl --silent --output /dev/null --max-time 5 --noproxy '*' --insecure --write-out '%{http_code}' "$@" \
    "https://$(<"$HOST_FILE")/health" || true
}

public_health() { ask_health --connect-to '::127.0.0.1:3003'; }

# until_healthy UNIT COMMAND...: whether the command says 200 in time; one whose process has ended is not waited for.
until_healthy() {
  local unit=$1 said=000 main deadline=$((SECONDS + START_SECONDS))
  main=$(main_of "$unit")
  shift
  while ((SECONDS < deadline)); do
    if ((main == 0)) || [[ $(main_of "$unit") != "$main" ]]; then
      printf 'its process ended\n'
      return 1
    fi
    said=$("$@")
    [[ $said != 200 ]] || return 0
    sleep 0.2
  done
  case $said in
    000) printf 'it did not answer within %s s\n' "$START_SECONDS" ;;
    *) printf '/health answered %s for %s s, and not 200\n' "$said" "$START_SECONDS" ;;
  esac
  return 1
}

main_of() { systemctl show -P MainPID "$1"; }

# words_of UNIT SINCE: the last that it said, for whoever has to find out why.
words_of() {
  journalctl --sync &>/dev/null || true
  journalctl _SYSTEMD_UNIT="$1" --since="@$2" --lines=25 --output=cat --no-pager 2>/dev/null || true
}

# migrate ID: with what is on stdin, which is on no disk and gone afterwards.
migrate() {
  local id=$1 entry began unit=application-migrate@$1.service
  read -r _ _ entry <"$FACTS/$id.release" || true
  if [[ -z $entry ]]; then
    cat >/dev/null
    return 0
  fi
  step "migrating the schema"
  began=$(date +%s)
  trap 'rm -f -- "$RUN"/migrate.*; end failed' EXIT
  (umask 077 && head -c 65536 >"$RUN/migrate.json" && printf 'ENTRY=%s\n' "$entry" >"$RUN/migrate.env")
  systemctl stop 'application-migrate@*.service' 2>/dev/null || true
  if ! systemctl start "$unit" 2>/dev/null; then
    words_of "$unit" "$began" >&2
    fail 1 "the migration of release $id failed, see above; the release before serves on"
  fi
  rm -f -- "$RUN"/migrate.*
  trap 'end failed' EXIT
}

# try_release ID: at a socket of its own, so that no visitor meets one that is no good.
try_release() {
  local id=$1 began unit=application-trial@$1 said
  began=$(date +%s)
  step "trying release $id at a socket of its own"
  end_trials
  systemctl start "$unit.socket"
  if systemctl start "$unit.service" 2>/dev/null &&
    said=$(until_healthy "$unit.service" ask_health --unix-socket "/run/application-trial/$id"); then
    end_trials
    return 0
  fi
  end_trials
  words_of "$unit.service" "$began" >&2
  fail 1 "release $id is no good: ${said:-it could not be started}; the release before serves on"
}

end_trials() { systemctl stop 'application-trial@*.socket' 'application-trial@*.service' 2>/dev/null || true; }

# point TARGET: in one step.
point() {
  rm -f -- "$ROOT/.current"
  ln -s -- "$1" "$ROOT/.current"
  mv -T -- "$ROOT/.current" "$CURRENT"
  sync -f -- "$ROOT"
}

# exchange ID
exchange() {
  local id=$1 old new=releases/$1 began said
  old=$(readlink -- "$CURRENT")
  began=$(date +%s)
  if [[ $old == "$new" ]] && [[ $(public_health) == 200 ]]; then
    step "release $id serves already"
    return 0
  fi
  try_release "$id"
  step "exchanging"
  printf '%s %s\n' "$old" "$new" >"$PENDING"
  sync -- "$PENDING"
  point "$new"
  systemctl restart "$SERVICE" || true
  if said=$(until_healthy "$SERVICE" public_health); then
    rm -f -- "$PENDING"
    return 0
  fi
  words_of "$SERVICE" "$began" >&2
  go_back "$old"
  fail 1 "release $id is no good: $said; the release before serves again"
}

# go_back OLD: what this begins, the next `settle` ends, should it be cut off.
go_back() {
  point "$1"
  systemctl restart "$SERVICE" || true
  until_healthy "$SERVICE" public_health >/dev/null || true
  rm -f -- "$PENDING"
}

# settle: ends what a deploy that was killed has begun. The caller holds the lock.
settle() {
  local old new
  rm -f -- "$RUN"/migrate.*
  end_trials
  [[ -f $PENDING ]] || return 0
  read -r old new <"$PENDING" || true
  if [[ ! -d $ROOT/$old ]]; then
    rm -f -- "$PENDING"
    return 0
  fi
  step "an earlier deploy was cut off; going back to what served before it"
  go_back "$old"
  note deploy stronghold "${new#releases/}" "cut off"
}
