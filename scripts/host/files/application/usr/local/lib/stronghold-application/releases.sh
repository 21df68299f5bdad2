# shellcheck shell=bash
# releases: how a release comes in, how it is known that it is whole, and which are kept.
#
# Beside each there are, for root alone, the sums of all its files, and what it says of itself.

# As it comes and as it is unpacked; the command that sends it allows less.
readonly BYTES_MAX=$((1024 * 1024 * 1024)) FILES_MAX=100000 KEEP=5
readonly FACTS=$STATE/releases

# current_id: of the release that serves; none while it is the placeholder.
current_id() {
  local target
  target=$(readlink -- "$CURRENT") || return
  [[ $target == releases/* && ${target#releases/} =~ $SHAPE_ID ]] && printf '%s\n' "${target#releases/}"
}

# is_whole ID: nothing in it was changed, added or taken away since it was received.
is_whole() {
  [[ -d $RELEASES/$1 && -f $FACTS/$1.sums ]] && cmp -s -- "$FACTS/$1.sums" <(sums_of "$RELEASES/$1")
}

# sums_of FOLDER: of what is in each file, who may do what with everything, and where links lead.
sums_of() {
  (cd -- "$1" && find . -type f -print0 | sort -z | xargs -0 -r sha256sum -- &&
    find . -printf '%y %m %U:%G %p %l\n' | sort) 2>&1
}

sha_of() { head -n 1 -- "$FACTS/$1.sha256" 2>/dev/null || printf 'unknown'; }

# summary_of ID: `name version (id)`
summary_of() {
  local name version
  read -r name version _ <"$FACTS/$1.release"
  printf '%s %s (%s)' "$name" "$version" "$1"
}

# receive SHA256: what was only begun goes with the next one.
receive() {
  local sha=$1 id=${1:0:16} tarball=$RELEASES/.tarball fresh=$RELEASES/.fresh facts
  install -d -m 755 -- "$RELEASES"
  install -d -m 700 -- "$FACTS"
  if is_whole "$id"; then
    step "release $id is here already"
    cat >/dev/null
    return
  fi
  rm -rf -- "$tarball" "$fresh"
  step "receiving release $id"
  (umask 077 && head -c "$BYTES_MAX" >"$tarball")
  [[ $(sha256sum <"$tarball") == "$sha  -" ]] || refuse_release "what arrived is not what was sent; send it again"
  unpack
  vet
  facts=$(describe) || refuse_release "package.json: ${facts:-cannot be read}"
  chown -R root:root -- "$fresh"
  # What runs reads it, and nobody but root writes to it.
  chmod -R u=rwX,go=rX,a-st -- "$fresh"
  sums_of "$fresh" >"$FACTS/.sums"
  printf '%s\n' "$facts" >"$FACTS/$id.release"
  printf '%s\n' "$sha" >"$FACTS/$id.sha256"
  [[ ! -e $RELEASES/$id ]] || replace_changed "$id"
  mv -T -- "$fresh" "$RELEASES/$id"
  sync -f -- "$RELEASES/$id"
  mv -T -- "$FACTS/.sums" "$FACTS/$id.sums"
  rm -f -- "$tarball"
}

# replace_changed ID: one that is not as it was received. Where it serves, its files go from under it.
replace_changed() {
  step "release $1 is here, but not as it was received: replaced"
  rm -rf -- "$RELEASES/.changed"
  mv -T -- "$RELEASES/$1" "$RELEASES/.changed"
  rm -rf -- "$RELEASES/.changed"
}

refuse_release() {
  rm -rf -- "$RELEASES/.tarball" "$RELEASES/.fresh"
  fail 65 "the release is refused, nothing was changed: $1"
}

# unpack: tar itself keeps what it unpacks below the folder.
unpack() {
  local said
  install -d -m 755 -- "$fresh"
  # A megabyte can unpack to a full disk; gzip is cut off before that, and says so.
  said=$({ gzip --decompress --stdout -- "$tarball" | head -c "$BYTES_MAX" >"$tarball.plain"; } 2>&1 | tail -n 1) ||
    said=${said:-gzip failed}
  if [[ -n $said ]]; then
    rm -f -- "$tarball.plain"
    refuse_release "it is not compressed with gzip, or unpacks to more than $((BYTES_MAX >> 20)) MB: ${said:0:200}"
  fi
  said=$(tar --extract --file="$tarball.plain" --directory="$fresh" --no-same-owner --no-same-permissions 2>&1 | tail -n 1) ||
    said=${said:-tar failed}
  rm -f -- "$tarball.plain"
  [[ -z $said ]] || refuse_release "its tarball cannot be unpacked: ${said:0:200}"
}

# vet: what a tarball may hold that no release needs.
vet() {
  local found
  found=$(find "$fresh" ! -type f ! -type d ! -type l -printf '%P ' | head -c 200)
  [[ -z $found ]] || refuse_release "neither files, folders nor links: $found"
  found=$(find "$fresh" -type f -links +1 -printf '%P ' | head -c 200)
  [[ -z $found ]] || refuse_release "hard links: $found"
  found=$(find "$fresh" -name $'*[\x01-\x1f\x7f]*' -printf 'x' | head -c 1)
  [[ -z $found ]] || refuse_release "names with control characters"
  (($(find "$fresh" -printf x | head -c $((FILES_MAX + 1)) | wc -c) <= FILES_MAX)) || refuse_release "more than $FILES_MAX files"
  found=$(find "$fresh" -type l -print0 | leading_out | head -c 200)
  [[ -z $found ]] || refuse_release "links that lead out of it: $found"
}

# leading_out: of links on stdin.
leading_out() {
  local link target
  while IFS= read -r -d '' link; do
    target=$(realpath -m -- "$link")
    if [[ $(readlink -- "$link") == /* || $target != "$fresh"/* ]]; then printf '%s ' "${link#"$fresh"/}"; fi
  done
}

# describe: NAME VERSION [MIGRATION], of shapes that mean nothing to anybody; or what is wrong.
describe() { /usr/bin/node "$LIBRARY/describe.js" "$fresh"; }

# prune: the newest ones that were deployed are kept.
prune() {
  local path id
  local -A kept=()
  while read -r id; do kept[$id]=1; done < <(deployed | head -n "$KEEP")
  id=$(current_id) && kept[$id]=1
  for path in "$RELEASES"/*/; do
    id=${path%/} id=${id##*/}
    [[ $id =~ $SHAPE_ID && ! -v kept[$id] ]] || continue
    rm -f -- "$FACTS/$id".{sums,release,sha256}
    rm -rf -- "${RELEASES:?}/$id"
    step "removed release $id; the newest $KEEP are kept"
  done
}
