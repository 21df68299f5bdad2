# shellcheck shell=bash
# packages/source: where a database comes from that the system's own release does not have. Such a
# source is asked for the database's packages alone; everything else stays the release's.

readonly SOURCE=/etc/apt/sources.list.d/stronghold-database.sources
readonly PREFERENCES=/etc/apt/preferences.d/stronghold-database
readonly VENDOR_KEY=/etc/apt/keyrings/stronghold-mysql.asc

# The texts of the wanted files; one that is not wanted is empty.
declare -gA source_text=()

load_source() {
  local validity=yes archive origin suite=${PARAM[DATABASE_SOURCE]#suite:}
  source_text=([$SOURCE]='' [$PREFERENCES]='' [$VENDOR_KEY]='')
  # Stated, for the system's own word would count else. A system that looks at no dates says so of its own
  # mirror, which a suite is from, too; of the vendor's it cannot.
  if [[ ${PARAM[SOURCE_EXPIRED]} == accept ]]; then validity=no; fi
  case ${PARAM[DATABASE_SOURCE]} in
    suite:*)
      archive=$(own_archive)
      [[ -n $archive ]] || die 70 "apt names no mirror of this server's release, of which $suite could be a newer suite"
      source_text[$SOURCE]=$(render packages/etc/apt/sources.list.d/suite.sources URI="$archive" \
        SYSTEM="$(system_says ID)" SUITE="$suite" VALIDITY="$validity")
      source_text[$PREFERENCES]=$(render packages/etc/apt/preferences.d/suite SUITE="$suite")
      ;;
    vendor)
      source_text[$SOURCE]=$(render packages/etc/apt/sources.list.d/vendor.sources KEY="$VENDOR_KEY" \
        SYSTEM="$(system_says ID)" CODENAME="$(system_says VERSION_CODENAME)" VALIDITY="$validity")
      origin=$(sed -n 's|^URIs: *[a-z]*://\([^/:]*\).*|\1|p' <<<"${source_text[$SOURCE]}")
      source_text[$PREFERENCES]=$(render packages/etc/apt/preferences.d/vendor ORIGIN="$origin")
      source_text[$VENDOR_KEY]=$(render packages/etc/apt/keyrings/mysql.asc)
      ;;
  esac
}

system_says() { sed -n "s/^$1=//p" /etc/os-release | tr -d '"'; }

# own_archive: the mirror from which this server has its release. Asked so, apt needs no lists yet.
own_archive() {
  local addresses
  addresses=$(apt-get update --print-uris)
  sed -n "s|^'\(.*\)/dists/$(system_says VERSION_CODENAME)/.*|\1|p" <<<"$addresses" | sed 1q
}

source_is_exact() {
  local file found=0
  for file in "${!source_text[@]}"; do
    if [[ -z ${source_text[$file]} ]]; then
      [[ ! -e $file && ! -L $file ]] || no "$file is left over" || found=1
    else
      is_file "$file" 644 root:root "${source_text[$file]}" || no "$file differs" || found=1
    fi
  done
  return "$found"
}

# The key before the source that names it: apt refuses to work with a source whose key is not there.
put_source() {
  local file
  for file in "$VENDOR_KEY" "$PREFERENCES" "$SOURCE"; do
    if [[ -n ${source_text[$file]} ]]; then put_file "$file" 644 root:root <<<"${source_text[$file]}"; fi
  done
  for file in "$SOURCE" "$PREFERENCES" "$VENDOR_KEY"; do
    if [[ -n ${source_text[$file]} ]] || [[ ! -e $file && ! -L $file ]]; then continue; fi
    rm -f -- "$file"
    changed "removed $file"
  done
}
