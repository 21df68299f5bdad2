#!/usr/bin/env bash
# inventory: what there is on this server, a line each: KIND<TAB>fields.
#
#   system       name, id, version, kernel
#   package      name, version, architecture, the security update that waits for it or nothing
#   lists        when the lists of packages were last brought up to date, as 2026-11-29T03:30:00Z
#   port         tcp or udp, address, number, program
#   account      name, number, shell, groups, password: none, locked or set; accounts without a shell are left out
#   key          account, type, bits, fingerprint, holder, when its file was last changed
#   certificate  file, subject, until when
#   backup       name, bytes, when it was made
#
# It reads only, asks no other machine, and prints no secret. Needs root.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
unset CDPATH IFS TMPDIR

readonly LISTS=/var/lib/apt/lists
# Of ours and of the system's own services; not the hundreds of authorities that a client trusts.
readonly CERTIFICATES=(/etc/mysql /etc/stronghold /etc/ssl/private /srv /usr/local/application/ssl)
BACKUPS=''
if [[ -x /usr/local/sbin/stronghold-backup ]]; then BACKUPS=/usr/local/sbin/stronghold-backup; fi
if [[ -x /usr/local/sbin/stronghold-vault ]]; then BACKUPS=/usr/local/sbin/stronghold-vault; fi
readonly BACKUPS

main() {
  system
  packages
  ports
  accounts
  keys
  certificates
  backups
}

# row KIND FIELD...: what others may have named themselves is one field still.
row() {
  local fields=("${@//[[:cntrl:]]/ }")
  (IFS=$'\t' && printf '%s\n' "${fields[*]}")
}

timestamp() { date -u -d "@$1" +%FT%TZ; }

system() {
  # shellcheck source=/dev/null
  (. /etc/os-release && row system "$PRETTY_NAME" "$ID" "$VERSION_ID" "$(uname -r)")
}

packages() {
  local name version architecture
  local -A update_of=()
  while read -r name version; do update_of[$name]=$version; done < <(security_updates)
  while IFS=$'\t' read -r name version architecture; do
    row package "$name" "$version" "$architecture" "${update_of[$name]-}"
  done < <(dpkg-query -W -f '${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\n' | sed -n 's/^installed\t//p')
  if [[ -d $LISTS ]]; then row lists "$(timestamp "$(stat -c %Y -- "$LISTS")")"; fi
}

# security_updates: name and version of each that an upgrade would take from a security archive.
security_updates() {
  apt-get --just-print --quiet upgrade 2>/dev/null |
    sed -nE 's/^Inst ([^ ]+) (\[[^]]*\] )?\(([^ ]+) [^)]*[Ss]ecurity.*$/\1 \3/p'
}

ports() {
  local protocol address program
  while read -r protocol _ _ _ address _ program; do
    program=$(sed -nE 's/^users:\(\("([^"]*)".*/\1/p' <<<"$program")
    row port "$protocol" "${address%:*}" "${address##*:}" "${program:-?}"
  done < <(ss -Hltunp) | sort -u
}

accounts() {
  local name uid shell hash password
  while IFS=: read -r name _ uid _ _ _ shell; do
    if ((uid > 0)) && [[ $shell == */nologin || $shell == */false || $shell == /bin/sync ]]; then continue; fi
    hash=$(getent shadow "$name" | cut -d : -f 2)
    case $hash in
      '') password=none ;;
      '!'* | '*'*) password=locked ;;
      *) password="set" ;;
    esac
    row account "$name" "$uid" "$shell" "$(id -nG -- "$name" | tr ' ' ,)" "$password"
  done < <(getent passwd)
}

keys() {
  local name home file bits fingerprint holder kind
  while IFS=: read -r name _ _ _ _ home _; do
    file=$home/.ssh/authorized_keys
    [[ -f $file ]] || continue
    while read -r bits fingerprint holder; do
      kind=${holder##*(} holder=${holder% (*}
      row key "$name" "${kind%)}" "$bits" "$fingerprint" "$holder" "$(timestamp "$(stat -c %Y -- "$file")")"
    done < <(ssh-keygen -lf "$file" 2>/dev/null)
  done < <(getent passwd | sort -u -t : -k 6,6)
}

certificates() {
  local file subject until
  while IFS= read -r -d '' file; do
    subject=$(openssl x509 -in "$file" -noout -subject -nameopt RFC2253 2>/dev/null) || continue
    until=$(openssl x509 -in "$file" -noout -enddate | cut -d = -f 2)
    row certificate "$file" "${subject#subject=}" "$(date -u -d "$until" +%FT%TZ)"
  done < <(find "${CERTIFICATES[@]}" -type f \( -name '*.pem' -o -name '*.crt' \) -print0 2>/dev/null | sort -z)
}

# backups: the list of the program that keeps them.
backups() {
  local name bytes made
  [[ -n $BACKUPS ]] || return 0
  while IFS=$'\t' read -r name bytes made; do
    [[ $name != *.age ]] || row backup "$name" "$bytes" "$made"
  done < <("$BACKUPS" list)
}

main
