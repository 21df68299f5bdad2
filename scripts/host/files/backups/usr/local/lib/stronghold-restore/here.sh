# shellcheck shell=bash
# here: a rehearsal on the operator's own machine, with neither systemd nor root needed.

# Not /tmp, which is often in memory.
readonly HERE_FOLDERS=/var/tmp/stronghold-rehearsal
HERE='' ENGINE_PID=''

rehearse_here() {
  local folder
  for folder in "$HERE_FOLDERS".*; do
    # The lock of a run that was killed is free.
    if [[ -O $folder && -f $folder/lock ]] && flock --nonblock "$folder/lock" true; then rm -rf -- "$folder"; fi
  done
  HERE=$(mktemp -d -- "$HERE_FOLDERS.XXXXXX")
  trap leave_here EXIT
  exec 9>"$HERE/lock"
  flock 9
  WORK=$HERE/work
  mkdir -- "$WORK"
  restore
}

leave_here() {
  if [[ -n $ENGINE_PID ]]; then kill -KILL "$ENGINE_PID" 2>/dev/null || true; fi
  rm -rf -- "$HERE"
}

# start_here: root would not be served by the engine's kind, so it makes itself small.
start_here() {
  local own=$HERE/engine
  local -a words=(setpriv --pdeathsig KILL)
  mkdir -- "$own" "$own/tmp" "$own/data"
  if ((EUID == 0)); then
    ENGINE_UID=65534
    chmod 711 -- "$HERE"
    chown -R -- "$ENGINE_UID" "$own"
    words+=(--reuid "$ENGINE_UID" --regid "$ENGINE_UID" --clear-groups --no-new-privs)
  fi
  SOCKET=$own/socket
  mapfile -t OPTIONS < <(server_options "$own" "$SOCKET")
  set_up_words
  as_engine "${SET_UP[@]}" >"$WORK/start" 2>&1 || refuse_start
  # It dies with this run, however that ends.
  "${words[@]}" -- "$SERVER" "${OPTIONS[@]}" >"$WORK/start" 2>&1 9>&- </dev/null &
  ENGINE_PID=$!
  until inside -e 'SELECT 1' &>/dev/null; do
    kill -0 "$ENGINE_PID" 2>/dev/null || refuse_start
    ((SECONDS < ENGINE_START_SECONDS)) || refuse_start
    sleep 0.1
  done
}

refuse_start() { refuse "the throw-away engine does not start here: $(tail -n 2 -- "$WORK/start" | head -c "$FAULT_BYTES_MAX")"; }
