# shellcheck shell=bash
# firewall/rules: rule sets as the kernel shows them, so that two spellings of one rule are the same.

# The wanted rules, as text and as the kernel shows them once loaded.
wanted_v4='' wanted_v6='' loaded_v4='' loaded_v6=''

# load_wanted: loads the wanted rules in a network namespace of their own. That is the validation,
# and what the kernel shows there is what it would show here.
load_wanted() {
  wanted_v4=$(decoded RULES_V4_B64)
  wanted_v6=$(decoded RULES_V6_B64)
  loaded_v4=$(loaded iptables "$wanted_v4") ||
    refuse FIREWALL-01 "iptables-restore does not accept RULES_V4_B64: $loaded_v4"
  loaded_v6=$(loaded ip6tables "$wanted_v6") ||
    refuse FIREWALL-02 "ip6tables-restore does not accept RULES_V6_B64: $loaded_v6"
}

loaded() {
  local text
  # shellcheck disable=SC2016 # expanded by the inner shell
  text=$(unshare --net bash -c '"$1-restore" && "$1-save"' _ "$1" <<<"$2" 2>&1) || {
    printf '%s' "${text//[[:cntrl:]]/ }"
    return 1
  }
  normal <<<"$text"
}

running() { "$1-save" 2>/dev/null | normal; }

# normal: iptables-save's text without comments, counters and tables in which nothing is set, the
# tables in alphabetical order, the rules in theirs.
normal() {
  sed -E '/^#/d; s/ \[[0-9]+:[0-9]+\]$//' | awk '
    /^\*/ { table = $0; rules = ""; set = 0; next }
    /^COMMIT$/ { if (set) print table rules; next }
    { rules = rules "\t" $0; if ($0 !~ /^:[A-Z]+ ACCEPT$/) set = 1 }
  ' | sort | tr '\t' '\n'
}

# brings_just_these: whether that is so of netfilter-persistent, whatever its settings and plugins are.
brings_just_these() {
  same "$loaded_v4" "$(brought iptables)" && same "$loaded_v6" "$(brought ip6tables)" && return
  no "if /etc/default/netfilter-persistent is not to blame, reinstall it and iptables-persistent"
}

# brought NAME: what a start and a stop leave of a network namespace in which a surplus rule was.
brought() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --net bash -c '
    "$1" -A INPUT -j ACCEPT
    netfilter-persistent start && netfilter-persistent stop
    "$1-save" >&3' _ "$1" 3>&1 &>/dev/null | normal
}

# complete RULES OTHER: RULES, and an emptying of every table that only OTHER names: a restore leaves
# alone what it does not name, policies too.
complete() {
  printf '%s\n' "$1"
  named=$'\n'$1$'\n' awk '
    /^\*/ { skip = index(ENVIRON["named"], "\n" $0 "\n") }
    skip { next }
    /^\*/ { print (open ? "COMMIT\n" : "") $0; open = 1 }
    /^:/ && $2 != "-" { print $1, "ACCEPT" }
    END { if (open) print "COMMIT" }
  ' <<<"$2"
}

same() {
  [[ $1 == "$2" ]] || {
    diff <(printf '%s\n' "$1") <(printf '%s\n' "$2") | grep '^[<>]' | head -n 4 |
      sed 's/^< /missing: /; s/^> /surplus: /; s/$/; /'
    return 1
  }
}
