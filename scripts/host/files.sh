# shellcheck shell=bash
# files: whole files as they shall be: compared, and put in place. Nothing is edited in place.
#
# A run compares hundreds of them, so what compares takes no process of its own, or one for all.

# Files that shall be there, by their paths: the group that a control looks at together, the mode, the owner
# (root's, where it is not named) and the text. `PATHS` keeps the order.
PATHS=()
declare -A GROUP_OF=() MODE_OF=() OWNER_OF=() TEXT_OF=() stat_of=()

# want GROUP MODE PATH TEXT
want() {
  [[ -v TEXT_OF[$3] ]] || PATHS+=("$3")
  GROUP_OF[$3]=$1 MODE_OF[$3]=$2 TEXT_OF[$3]=$4
}

# want_file GROUP MODE PATH FILE [NAME=value...]: with what FILE is rendered to.
want_file() {
  local filled
  fill "${@:4}"
  want "$1" "$2" "$3" "$filled"
}

# fill FILE [NAME=value...]: sets `filled` to the text of files/FILE with every @NAME@ replaced.
fill() {
  local pair
  IFS= read -r -d '' filled <"$HOST_DIR/files/$1" || true
  for pair in "${@:2}"; do
    filled=${filled//"@${pair%%=*}@"/"${pair#*=}"}
  done
  while [[ $filled == *$'\n' ]]; do filled=${filled%$'\n'}; done
}

# render FILE [NAME=value...]: the same, printed.
render() {
  local filled
  fill "$@"
  printf '%s\n' "$filled"
}

# is_file DEST MODE OWNER TEXT: whether DEST is a plain file that is just so.
is_file() {
  local text
  [[ -f $1 && ! -L $1 && ${stat_of[$1]-$(stat -c '%a %U:%G' -- "$1")} == "$2 $3" ]] || return
  # It ends at a NUL, which no text has.
  if IFS= read -r -d '' text <"$1"; then return 1; fi
  [[ $text == "$4" || $text == "$4"$'\n' ]]
}

# are_exact FILE...: whether they are as they shall be.
are_exact() {
  local file said found=0
  # For is_file: no answer outlives this.
  local -A stat_of=()
  while IFS=$'\t' read -r file said; do stat_of[$file]=$said; done < <(stat -c $'%n\t%a %U:%G' -- "$@" 2>/dev/null)
  for file in "$@"; do
    is_file "$file" "${MODE_OF[$file]}" "${OWNER_OF[$file]-root:root}" "${TEXT_OF[$file]}" || no "$file differs" || found=1
  done
  return "$found"
}

# group_is_exact GROUP
group_is_exact() {
  local path files=()
  for path in "${PATHS[@]}"; do
    if [[ ${GROUP_OF[$path]} == "$1" ]]; then files+=("$path"); fi
  done
  are_exact "${files[@]}"
}

# put_file DEST MODE OWNER [VALIDATOR...] <<<"$text": the whole file or nothing. The text is written
# beside DEST, checked by the service's own checker (called with the new file's path) and renamed.
put_file() {
  local dest=$1 mode=$2 owner=$3 text fresh reason
  shift 3
  IFS= read -r -d '' text || true
  while [[ $text == *$'\n' ]]; do text=${text%$'\n'}; done
  if is_file "$dest" "$mode" "$owner" "$text"; then return 0; fi
  # A dot file: sshd's, sudo's and systemd's folders all pass it over. One left by a killed run goes.
  rm -f -- "${dest%/*}"/.stronghold.??????
  fresh=$(mktemp -- "${dest%/*}/.stronghold.XXXXXX")
  printf '%s\n' "$text" >"$fresh"
  chmod "$mode" -- "$fresh"
  chown "$owner" -- "$fresh"
  if (($# > 0)) && ! reason=$("$@" "$fresh" 2>&1); then
    rm -f -- "$fresh"
    die 70 "$dest was left as it was, since '$*' refuses the new text: $reason"
  fi
  sync -- "$fresh"
  mv -T -- "$fresh" "$dest"
  changed "wrote $dest"
}

# put_files [GROUP...]: those of the groups, or all.
put_files() {
  local path
  for path in "${PATHS[@]}"; do
    if (($# > 0)) && [[ " $* " != *" ${GROUP_OF[$path]} "* ]]; then continue; fi
    # shellcheck disable=SC2046 # words
    put_file "$path" "${MODE_OF[$path]}" "${OWNER_OF[$path]-root:root}" $(validator "$path") <<<"${TEXT_OF[$path]}"
  done
}

# validator PATH: prints the checker of a file, to be called with the path of the new one. A control has its own.
validator() { :; }

# unwanted PATH...: those at which something lies that nobody wants there, one a line.
unwanted() {
  local path
  for path in "$@"; do
    if [[ (-e $path || -L $path) && ! -v TEXT_OF[$path] ]]; then printf '%s\n' "$path"; fi
  done
}

# remove_listed: what lies at the paths on stdin, one a line.
remove_listed() {
  local path
  while IFS= read -r path; do
    rm -rf -- "$path"
    changed "removed $path"
  done
}
