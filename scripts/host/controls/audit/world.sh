#!/usr/bin/env bash
# world: what this server is made of that only a change of the stack should change, a line each, sorted:
# KIND<TAB>NAME<TAB>VALUE.
#
#   world.sh SINCE    SINCE: files of packages that were touched after that second are compared with them
#
#   package   name                       version
#   account   name                       number:group:home:shell, whether it has a password
#   group     name                       its members
#   port      protocol address number    the program that listens
#   unit      name                       active, of those that start by themselves; transient
#   program   file                       of those that run and are no package's, or that outlived their session
#   file      path                       mode, owner and what is in it, or where it leads to
#   lister    -                          what this was listed by: what another one has listed cannot be compared
#   right     path                       mode and owner, or the capabilities, of what runs with more rights than its caller's
#
# A file that is as its package brought it says so, rather than what is in it: an upgrade is no change. It
# reads only. Needs root: what it tells of files are sums, of passwords that there is one.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
unset CDPATH IFS TMPDIR

readonly SINCE=$1 DPKG=/var/lib/dpkg/info LISTER=${BASH_SOURCE[0]%/*}
# shellcheck source-path=SCRIPTDIR source=running.sh
source "$LISTER/running.sh"

# Where what is decided here lies, as opposed to what packages bring.
readonly SETTINGS=(/etc /usr/local /opt /root /boot /var/spool/cron)
# Told of by account and group; changed by every library, by every shutdown and by every login of root; the audit's
# own copy of the controls, of which it has the sums; and the application's releases, of which the program that takes
# them in has.
readonly PASSED_OVER='^/etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^/etc/(\.pwd\.lock|ld\.so\.cache|adjtime|\.updated)$|^/root/\.(bash_history|lesshst|viminfo|cache)(/|$)|^/usr/local/lib/stronghold(/|$)|^/usr/local/application/(\.?current$|releases/)'

main() {
  local part at parts=(lister packages accounts ports units programs files walked) runs=()
  # Side by side: each of them waits for others most of the time.
  for part in "${parts[@]}"; do
    "$part" >"$WORK/$part" &
    runs+=($!)
  done
  for at in "${!parts[@]}"; do
    # A part that is missing must not pass for a server that consists of less.
    wait "${runs[$at]}" || { printf 'its %s could not be listed\n' "${parts[$at]}" >&2 && exit 1; }
  done
  sort -u -- "${parts[@]/#/$WORK/}"
}

lister() { printf 'lister\t-\t%s\n' "$(cat -- "$LISTER"/{world,running}.sh | sha256sum)"; }

packages() {
  dpkg-query -W -f '${db:Status-Status}\tpackage\t${Package}:${Architecture}\t${Version}\n' | sed -n 's/^installed\t//p'
}

accounts() {
  local name hash members
  local -A password_of=()
  while IFS=: read -r name hash _; do
    case $hash in
      '') password_of[$name]="no password" ;;
      '!'* | '*'*) password_of[$name]="locked" ;;
      *) password_of[$name]="with a password" ;;
    esac
  done </etc/shadow
  while IFS=: read -r name _ uid gid _ home shell; do
    printf 'account\t%s\t%s\n' "$name" "$uid:$gid:$home:$shell, ${password_of[$name]-no shadow entry}"
  done </etc/passwd
  while IFS=: read -r name _ gid members; do
    printf 'group\t%s\t%s:%s\n' "$name" "$gid" "$members"
  done </etc/group
}

files() {
  local places=()
  for place in "${SETTINGS[@]}" /home/*/.ssh; do
    [[ ! -e $place ]] || places+=("$place")
  done
  # What goes meanwhile is then in neither, or has a sum that nobody asks for.
  despite_leavers find "${places[@]}" -xdev -type f -print0 | despite_leavers xargs -0 sha256sum -z -- | lines >"$WORK/sums"
  despite_leavers find "${places[@]}" -xdev -printf '%y %m %u:%g\037%p\037%l\0' | lines >"$WORK/seen"
  dpkg-query -W -f '${Conffiles}\n' | awk 'NF >= 2 && $1 ~ /^\// && $2 !~ /^newconffile/ { print $2 "  " $1 }' >"$WORK/conffiles"
  md5sum --check -- "$WORK/conffiles" 2>/dev/null | sed -n 's/: OK$//p' >"$WORK/unchanged" || true
  awk -F '\t' -v OFS='\t' '
    FILENAME ~ /sums$/ { sum[substr($0, 67)] = substr($0, 1, 64); next }
    FILENAME ~ /unchanged$/ { packaged[$0] = 1; next }
    {
      value = $1
      if (sub(/^f /, "", value)) value = value " " ($2 in packaged ? "packaged" : sum[$2])
      else if (/^l/) value = "a link to " $3
      print "file", $2, value
    }' "$WORK/sums" "$WORK/unchanged" "$WORK/seen" | awk -F '\t' -v over="$PASSED_OVER" '$2 !~ over'
}

# programs' rights and packages' files: one walk over all of the disk but for what a service keeps there. A change in
# /usr that came after SINCE is compared with what the package has brought; who sets the clock back goes unseen, but
# one who can do that can change this program, too.
walked() {
  despite_leavers find / -xdev \( -path /proc -o -path /sys -o -path /var/lib/mysql -o -path /srv \) -prune -o -type f \( \
    -perm /6000 -fprintf "$WORK/owners" 'right\037%p\037%m %u:%g\0' , \
    -perm /111 -fprint0 "$WORK/executables" , \
    -newerct "@$SINCE" -path '/usr/*' ! -path '/usr/local/*' ! -name '*.pyc' ! -name '*.cache' \
    ! -path '/usr/share/info/dir*' ! -path /usr/lib/locale/locale-archive -fprint0 "$WORK/touched" \)
  lines <"$WORK/owners"
  xargs -0 getcap -- <"$WORK/executables" 2>/dev/null | sed -E 's/^(.*) ([^ ]+)$/right\t\1\t\2/' || true
  if [[ -s $WORK/touched ]]; then compared; fi
}

compared() {
  despite_leavers xargs -0 md5sum -z -- <"$WORK/touched" | lines >"$WORK/touched.sums"
  cat -- "$DPKG"/*.md5sums |
    awk -v OFS='\t' '
      { sum = substr($0, 1, 32); file = substr($0, 35) }
      FILENAME == "-" { brought["/" file] = sum; next }
      !(file in brought) { print "file", file, "of no package " sum; next }
      brought[file] != sum { print "file", file, "not as packaged " sum }' - "$WORK/touched.sums"
}

# despite_leavers COMMAND...: others go on working meanwhile, so that a file may be gone before it is looked at.
# Whatever else goes wrong is a failure.
despite_leavers() {
  local said=$WORK/said.$BASHPID
  "$@" 2>"$said" && return
  [[ -s $said ]] && ! grep -v ': No such file or directory$' -- "$said" >&2
}

# lines: of fields between unit separators that end with a NUL, so that no file's name can pass for more than that.
lines() { tr '\n\t\037\0' '??\t\n'; }

WORK=$(mktemp -d -p /run stronghold-world.XXXXXX)
trap 'rm -rf -- "$WORK"' EXIT
main
