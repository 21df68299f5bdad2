# shellcheck shell=bash
# spool: what lies on this server's own disk: archives, manifests, and in what order they were made.
#
# The order of full backups is a list of its own, not the clock: their names tell the time, but a clock
# that was set back would make the newest look old, and it would be the next to be removed.

# put_state NAME TEXT: the whole text or the old one, whatever happens meanwhile.
put_state() {
  local fresh
  # By the run's name, so that the next run of its kind clears away what a killed one has left.
  fresh=$(mktemp -- "$STATE/.fresh.${RUN-other}.XXXXXX") || return
  printf '%s\n' "$2" >"$fresh" && sync -- "$fresh" && mv -T -- "$fresh" "$STATE/$1" && return
  rm -f -- "$fresh"
  return 1
}

# fulls: ids of the full backups that are whole, oldest first. Those that the list does not know (it was
# lost, or they were brought from elsewhere) count as older than all that it knows.
fulls() {
  local id
  {
    find "$SPOOL" -maxdepth 1 -type f -name 'full-*.manifest' -printf '%f\n' | sort |
      while IFS= read -r id; do
        id=${id%.manifest}
        grep -qxF -- "$id" "$ORDER" 2>/dev/null || printf '%s\n' "$id"
      done
    if [[ -f $ORDER ]]; then cat -- "$ORDER"; fi
  } | while IFS= read -r id; do
    if is_whole "$id"; then printf '%s\n' "$id"; fi
  done
}

newest_full() { fulls | tail -n 1; }

# logs_kept: ids of the log archives that are here. A server that began to count anew has another name, so
# the order is that of the last change.
logs_kept() {
  find "$SPOOL" -maxdepth 1 -type f -name 'log-*.manifest' -printf '%T@ %f\n' | sort -n |
    sed 's/^[^ ]* //; s/\.manifest$//'
}

is_whole() { [[ -f $SPOOL/$1.manifest && -f $SPOOL/$1.age ]]; }
is_shipped() { [[ -e $SHIPPED/$1 ]]; }

# told ID FILTER: a value of the manifest, as jq reads it.
told() { head -n 1 -- "$SPOOL/$1.manifest" | jq -r "$2"; }

# age_seconds FILE: since it was last written; below zero if the clock was set back since.
age_seconds() { printf '%s' "$(($(date +%s) - $(stat -c %Y -- "$1")))"; }

# remove_unfinished KIND: what a killed run has left: a part of an archive, or one without its manifest.
remove_unfinished() {
  local file
  find "$SPOOL" -maxdepth 1 -name ".partial-$1-*" -delete
  for file in "$SPOOL/$1"-*.age; do
    [[ -e $file && ! -e ${file%.age}.manifest ]] || continue
    rm -f -- "$file"
    say "removed ${file##*/}, which was never finished"
  done
}

# checksum FILE: read from the disk, not from memory: what is in memory is dropped first.
checksum() {
  local sum
  dd if="$1" iflag=nocache count=0 status=none
  sum=$(sha256sum <"$1")
  printf '%s' "${sum%% *}"
}

# finish ID: archive and manifest, which lie here as .partial-*, take their names. The manifest comes last:
# until then there is no such archive.
finish() {
  sync -- "$SPOOL/.partial-$1.age" "$SPOOL/.partial-$1.manifest" &&
    mv -T -- "$SPOOL/.partial-$1.age" "$SPOOL/$1.age" &&
    mv -T -- "$SPOOL/.partial-$1.manifest" "$SPOOL/$1.manifest" && sync -- "$SPOOL"
}

# sign ID JSON: writes the manifest.
sign() {
  local signature
  signature=$(printf '%s' "$2" | ssh-keygen -q -Y sign -n "$NAMESPACE" -f "$CONFIG/signing-key" 2>"$WORK/sign") ||
    fail "the manifest cannot be signed: $(<"$WORK/sign")" || return
  printf '%s\n%s\n' "$2" "$signature" >"$SPOOL/.partial-$1.manifest"
}

# is_sound ID: the archive is what its manifest says, and the manifest is this server's own.
is_sound() {
  is_whole "$1" || fail "$1 is not whole" || return
  head -n 1 -- "$SPOOL/$1.manifest" | tr -d '\n' | ssh-keygen -q -Y verify -n "$NAMESPACE" -I "$ORIGIN" \
    -f "$CONFIG/allowed-signers" -s <(tail -n +2 -- "$SPOOL/$1.manifest") &>/dev/null ||
    fail "the signature of $1 does not hold" || return
  [[ $(told "$1" .archive.sha256) == "$(checksum "$SPOOL/$1.age")" ]] ||
    fail "$1 is not what its manifest says"
}

list() {
  TZ=UTC find "$SPOOL" -maxdepth 1 -type f -regextype posix-extended -regex ".*/($SHAPE_FULL|$SHAPE_LOG)\.(age|manifest)" \
    -printf '%T@ %f\t%s\t%TY-%Tm-%TdT%TH:%TM:%.2TSZ\n' | sort -n | cut -d ' ' -f 2-
}

show() {
  [[ $1 =~ $SHAPE_NAME ]] || { printf 'that is no name of a file here\n' >&2 && exit 64; }
  [[ -f $SPOOL/$1 ]] || { printf '%s is not here\n' "$1" >&2 && exit 1; }
  cat -- "$SPOOL/$1"
}
