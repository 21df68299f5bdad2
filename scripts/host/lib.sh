# shellcheck shell=bash
# lib: what every control builds on: recorded checks, parameters, accounts and packages.
#
# Sourced by the driver. A control never prints a result by itself and never edits a file in place.

set -Eeuo pipefail
umask 077
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive
unset CDPATH IFS TMPDIR

readonly PARAMETER_BYTES_MAX=65536 INPUT_BYTES_MAX=524288

# Shapes of parameters that more than one control takes. They are narrow on purpose: a value ends up
# in sshd's, sudo's or systemd's own language, and no character with a meaning there is let through.
# shellcheck disable=SC2034 # used by the controls
readonly SHAPE_ACCOUNT='^[a-z][a-z0-9-]{0,30}$' \
  SHAPE_CIDRS='^[0-9a-f.:]+/[0-9]{1,3}(,[0-9a-f.:]+/[0-9]{1,3})*$' \
  SHAPE_BASE64='^[A-Za-z0-9+/]*={0,2}$' \
  SHAPE_SECONDS='^[1-9][0-9]{0,3}$'

CONTROL='' REVISION=''
passed=0 failed=0 changes=0

# --- Ends -------------------------------------------------------------------------------------

# die CODE TEXT: ends the run; the text says what to do.
die() {
  printf 'driver: %s\n' "$2" >&2
  exit "$1"
}

usage() { die 64 "$1"; }

# refuse ID TEXT: the parameters are well-formed but would lock someone out; nothing was changed.
refuse() {
  record_fail "$1" "$2"
  summary
  die 1 "refused, nothing was changed: $2"
}

# crash: the trap of every unforeseen failure. The command is shown as written, not expanded, so
# that no parameter's value is printed.
crash() {
  local code=$? source=$1 line=$2 command=$3
  trap - ERR
  # Inside $(...) the parent's own trap reports; a usage fault found there has been reported.
  if ((BASH_SUBSHELL > 0 || code == 64)); then exit "$code"; fi
  die 70 "crashed at ${source##*/}:$line: '${command%%$'\n'*}' ended with $code"
}

readonly LOCK_FILE=/run/stronghold.lock LOCK_WAIT_SECONDS=300

# lock --shared|--exclusive: until this process ends.
lock() {
  exec 9>"$LOCK_FILE"
  flock "$1" --wait "$LOCK_WAIT_SECONDS" 9 ||
    die 75 "another run has held $LOCK_FILE for $LOCK_WAIT_SECONDS s; wait for it, then run again"
}

# --- Results ----------------------------------------------------------------------------------

record_pass() {
  printf 'PASS\t%s\t%s\n' "$1" "$2"
  passed=$((passed + 1))
}

record_fail() {
  printf 'FAIL\t%s\t%s\n' "$1" "$2"
  failed=$((failed + 1))
}

# changed TEXT: one line for the caller, one for syslog.
changed() {
  printf 'CHANGED\t%s\t%s\n' "$CONTROL" "$1"
  logger --tag stronghold --priority auth.notice -- "$CONTROL: $1${REVISION:+ (revision $REVISION)}"
  changes=$((changes + 1))
}

# check ID TEXT PREDICATE...: records what the predicate says. What it prints is the reason of a
# failure. It runs in a subshell whose `set -e` is off (bash ignores it under `if`), so a predicate
# only reads, and each of its steps says itself whether the promise holds.
check() {
  local id=$1 text=$2 reason
  shift 2
  if reason=$("$@" 2>&1); then
    record_pass "$id" "$text"
  else
    reason=${reason//[[:cntrl:]]/ } reason=${reason%; }
    record_fail "$id" "$text${reason:+ [${reason:0:400}]}"
  fi
}

# no REASON: how a predicate says why it does not hold.
no() {
  printf '%s; ' "$1"
  return 1
}

summary() {
  printf 'SUMMARY\t%s\tpass=%d fail=%d changed=%d\n' "$CONTROL" "$passed" "$failed" "$changes"
}

# --- Parameters -------------------------------------------------------------------------------

declare -A SHAPES=() DEFAULTS=() PARAM=()

# takes KEY SHAPE [DEFAULT]: a control names its parameters, what each looks like, and which may be
# left out. No other key is let in.
takes() {
  SHAPES[$1]=$2
  if (($# > 2)); then DEFAULTS[$1]=$3; fi
}

# read_parameters: fills PARAM from the KEY=value lines on stdin.
read_parameters() {
  local -a lines
  local input line key value
  # It passes over every NUL, and ends with 1 at the end of the input.
  IFS= read -r -N "$((INPUT_BYTES_MAX + 1))" input || true
  ((${#input} <= INPUT_BYTES_MAX)) || usage "the parameters are longer than $INPUT_BYTES_MAX bytes"
  mapfile -t lines <<<"$input"
  for line in "${lines[@]}"; do
    [[ -n $line ]] || continue
    [[ $line == *=* ]] || usage "parameters are KEY=value lines; one line has no '='"
    key=${line%%=*} value=${line#*=}
    # An array index is an arithmetic or quoting context to bash, so the key is checked as text first.
    [[ $key =~ ^[A-Z][A-Z0-9_]{0,39}$ && -v SHAPES[$key] ]] ||
      usage "unknown parameter; $CONTROL takes: $(sorted_keys)"
    [[ ! -v PARAM[$key] ]] || usage "parameter $key is given twice"
    ((${#value} <= PARAMETER_BYTES_MAX)) || usage "parameter $key is longer than $PARAMETER_BYTES_MAX bytes"
    [[ $value =~ ${SHAPES[$key]} ]] || usage "parameter $key must match ${SHAPES[$key]}"
    PARAM[$key]=$value
  done
  for key in "${!SHAPES[@]}"; do
    [[ -v PARAM[$key] ]] && continue
    [[ -v DEFAULTS[$key] ]] || usage "parameter $key is missing; $CONTROL takes: $(sorted_keys)"
    PARAM[$key]=${DEFAULTS[$key]}
  done
}

sorted_keys() { printf '%s\n' "${!SHAPES[@]}" | sort | paste -sd ' '; }

# decoded KEY: the text of a base64 parameter, without any NUL, of which bash would warn.
decoded() {
  local text
  { text=$(base64 --decode <<<"${PARAM[$1]}"); } 2>/dev/null || usage "parameter $1 is not base64"
  printf '%s' "$text"
}

# --- What controls have in common --------------------------------------------------------------

# quietly COMMAND...: its output is shown only if it fails, which ends the run.
quietly() {
  local output
  if output=$("$@" 2>&1 </dev/null); then return 0; fi
  tail -n 20 <<<"$output" >&2
  die 70 "'$1' failed, see above; mend the cause and run again"
}

# is_whole ACCOUNT: useradd writes passwd, shadow and group one after the other, and a killed one leaves
# an account that nothing can be given to (no group), or that PAM does not know (no shadow entry).
is_whole() {
  getent group "$(getent passwd "$1" | cut -d : -f 4)" >/dev/null || no "$1 has no group" || return
  # pwconv puts an x where a password would be.
  [[ $(getent shadow "$1") == *:* && $(getent shadow "$1") != "$1:x:"* ]] || no "$1 has no shadow entry"
}

make_whole() {
  local missing
  if missing=$(is_whole "$1"); then return 0; fi
  if [[ $missing == *group* ]]; then
    quietly groupadd --gid "$(id -g -- "$1")" "$1"
  fi
  quietly pwconv
  if ! is_whole "$1" >/dev/null; then
    quietly usermod --password '!' "$1"
  fi
  changed "completed the account $1, which had been half made"
}

# at_least LEAST VERSION: as numbers, so that 4.10 is more than 4.6.
at_least() { [[ $(printf '%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]; }

# missing_packages NAME...: those of the packages that are not installed.
missing_packages() {
  local name status
  local -A installed=()
  while read -r name status; do
    if [[ $status == installed ]]; then installed[$name]=1; fi
  done < <(dpkg-query -W -f '${Package} ${db:Status-Status}\n' -- "$@" 2>/dev/null)
  for name in "$@"; do
    [[ -v installed[$name] ]] || printf '%s\n' "$name"
  done
}
