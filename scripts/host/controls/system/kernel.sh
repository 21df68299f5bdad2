# shellcheck shell=bash
# system/kernel: what the running kernel answers to the settings of the file, each of which it is asked for.

# Paths below /proc/sys that differ: those to set, and those of a kernel that is not this server's.
declare -gA differs=()
declare -ga theirs=()

# load_kernel: a key that this kernel does not have is passed over: some belong to modules.
load_kernel() {
  local line path wanted found
  differs=() theirs=()
  while IFS= read -r line; do
    [[ $line =~ ^([a-z0-9_.*-]+)' = '(.*)$ ]] || continue
    wanted=${BASH_REMATCH[2]}
    # shellcheck disable=SC2231 # the star stands for every interface
    for path in /proc/sys/${BASH_REMATCH[1]//.//}; do
      [[ -e $path ]] || continue
      # Some hold several words with tabs between them.
      IFS= read -r found <"$path" || found=''
      [[ ${found//$'\t'/ } != "$wanted" ]] || continue
      if is_container && [[ ! -w $path ]]; then theirs+=("$path"); else differs[$path]=$wanted; fi
    done
  done <"$HOST_DIR/files/system$SYSCTL"
}

kernel_obeys() {
  local path ok=0
  for path in "${!differs[@]}"; do
    no "${path#/proc/sys/} is $(<"$path")" || ok=1
  done
  return "$ok"
}

# not_ours: for information; a promise that such a host cannot keep is not made.
not_ours() {
  ((${#theirs[@]} == 0)) || printf ', but for %d settings of the machine that this container runs on' "${#theirs[@]}"
}

mend_kernel() {
  local path
  ((${#differs[@]} > 0)) || return 0
  changed "has the running kernel obey ${#differs[@]} settings"
  # Twice, since to be no router any more turns redirects on again.
  for _ in 1 2; do
    for path in "${!differs[@]}"; do
      printf '%s' "${differs[$path]}" >"$path"
    done
    load_kernel
  done
}
