# shellcheck shell=bash
# firewall/legacy: the older back end, whose tables filter beside nf_tables' and are unseen by iptables-save.

readonly FAMILIES=(iptables ip6tables)

uses_nf_tables() {
  local name found
  for name in "${FAMILIES[@]}"; do
    [[ $("$name" --version) == *nf_tables* ]] || no "$name does not use nf_tables" || return
    found=$(legacy_rules "$name" | paste -sd ' ')
    [[ -z $found ]] || no "the older back end has rules, too: $found" || return
  done
}

# legacy_rules FAMILY: what is set there: rules, chains and policies. Tables in which nothing is set stay until
# the next boot once somebody has looked at them, and do nothing. Just looking would make them.
legacy_rules() {
  local names=/proc/net/${1/tables/_tables}_names
  # Of /proc: its size says nothing.
  if [[ -n $(cat -- "$names" 2>/dev/null) ]]; then
    "$1-legacy-save" 2>/dev/null | grep -E '^(-A |:[^ ]+ [^A])' || true
  fi
}

use_nf_tables() {
  local name
  for name in "${FAMILIES[@]}"; do
    if [[ $("$name" --version) != *nf_tables* ]]; then
      quietly update-alternatives --set "$name" "/usr/sbin/$name-nft"
      changed "made $name use nf_tables"
    fi
    if [[ -n $(legacy_rules "$name") ]]; then
      "$name-legacy-save" 2>/dev/null | sed -E '/^-A /d; /^:[^ ]+ -/d; s/^(:[^ ]+) [A-Z]+/\1 ACCEPT/' | "$name-legacy-restore"
      changed "took the rules out of $name's older back end"
    fi
  done
}
