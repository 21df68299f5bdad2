# shellcheck shell=bash
# memory: with what each control was last applied, so that a server can be audited, and mended, without the
# stack: every night by itself, and by an operator who has nothing but the stack's outputs.
#
# Root's alone. A secret that the server keeps only as a hash is remembered as that hash: a control that is
# told such a secret defines `as_remembered`, which puts into PARAM what says as much to it.

readonly MEMORY_DIR=$STATE_DIR/applied

# remember: what this run was told. A change that may yet be rolled back is not remembered until it is confirmed.
remember() {
  local text key
  if declare -F as_remembered >/dev/null; then as_remembered; fi
  text=$(for key in $(sorted_keys); do printf '%s=%s\n' "$key" "${PARAM[$key]}"; done)
  install -d -m 700 -- "$STATE_DIR" "$MEMORY_DIR"
  if is_file "$MEMORY_DIR/$CONTROL" 600 root:root "$text"; then return 0; fi
  printf '%s\n' "$text" >"$MEMORY_DIR/.$CONTROL"
  sync -- "$MEMORY_DIR/.$CONTROL"
  mv -T -- "$MEMORY_DIR/.$CONTROL" "$MEMORY_DIR/$CONTROL"
}

# recall: reads the parameters from there, instead of from stdin.
recall() {
  local file=$MEMORY_DIR/$CONTROL
  [[ $(stat -c '%a %U:%G %F' -- "$file" 2>/dev/null) == "600 root:root regular file" ]] ||
    refuse "${CONTROL^^}-00" "it is not known with what this control was applied"
  exec <"$file"
}

remembered() { find "$MEMORY_DIR" -maxdepth 1 -type f -name '[a-z]*' -printf '%f\n' 2>/dev/null | sort; }

# recheck_all: every control that was applied here, side by side; their results in order. A control that
# crashed, or was remembered by another version, has no SUMMARY line: its exit code says so instead.
recheck_all() {
  local folder name code worst=0
  local -a names
  local -A run_of=()
  mapfile -t names < <(remembered)
  folder=$(mktemp -d -p /run stronghold-recheck.XXXXXX)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf -- '$folder'" EXIT
  for name in "${names[@]}"; do
    bash "$HOST_DIR/driver" --remembered audit "$name" >"$folder/$name" 2>"$folder/$name.said" </dev/null &
    run_of[$name]=$!
  done
  for name in "${names[@]}"; do
    if wait "${run_of[$name]}"; then code=0; else code=$?; fi
    cat -- "$folder/$name"
    if ((code > 1)); then
      printf 'ERROR\t%s\t%s\n' "${name^^}-00" "$(tail -n 1 -- "$folder/$name.said")"
    fi
    if ((code > worst)); then worst=$code; fi
  done
  exit "$worst"
}
