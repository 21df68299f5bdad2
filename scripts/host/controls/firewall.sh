#!/usr/bin/env bash
# firewall: the server's own packet filter, IPv4 and IPv6, exactly the rules of the settings
#
# Threat:  a port that was opened by hand or by a package; IPv6 left open beside a closed IPv4; a port
#          reached beside the redirect to it; a moment without rules, while they are loaded or at boot;
#          first-boot data that a hole in the application hands out from the metadata service.
# Source:  guide, firewall; the rules come from the same list as the Cloud Firewall outside.
# Changes: the running rules (each family in one transaction), /etc/iptables/rules.v4 and rules.v6,
#          netfilter-persistent (enabled, as packaged, /etc/default if it was harmful), the answer of
#          iptables-persistent in debconf. Armed: `driver confirm firewall` makes it last.
# needs:   conntrack debconf iproute2 iptables iptables-persistent netfilter-persistent
# checks:  FIREWALL-01 G08 G09 G10, FIREWALL-02 G08 G09 G10, FIREWALL-03 G11, FIREWALL-04 G11, FIREWALL-05 G11, FIREWALL-06 G08, FIREWALL-07 G08 G09, FIREWALL-08 G11, FIREWALL-09 G11, FIREWALL-10 G11, FIREWALL-11 G08 G09
# shellcheck shell=bash

readonly RULES_V4=/etc/iptables/rules.v4 RULES_V6=/etc/iptables/rules.v6

takes RULES_V4_B64 "$SHAPE_BASE64"
takes RULES_V6_B64 "$SHAPE_BASE64"
takes ROLLBACK_SECONDS "$SHAPE_SECONDS" 120

# shellcheck source=firewall/rules.sh
source "$HOST_DIR/controls/firewall/rules.sh"
# shellcheck source=firewall/legacy.sh
source "$HOST_DIR/controls/firewall/legacy.sh"
# shellcheck source=firewall/boot.sh
source "$HOST_DIR/controls/firewall/boot.sh"
# shellcheck source=firewall/connections.sh
source "$HOST_DIR/controls/firewall/connections.sh"

audit() {
  load_wanted
  check FIREWALL-01 "G08 G09 G10 the running IPv4 rules are the settings', not one more" same "$loaded_v4" "$(running iptables)"
  check FIREWALL-02 "G08 G09 G10 the running IPv6 rules are the settings', not one more" same "$loaded_v6" "$(running ip6tables)"
  check FIREWALL-03 "G11 the IPv4 rules are loaded at boot" is_file "$RULES_V4" 600 root:root "$wanted_v4"
  check FIREWALL-04 "G11 the IPv6 rules are loaded at boot" is_file "$RULES_V6" 600 root:root "$wanted_v6"
  check FIREWALL-05 "G11 netfilter-persistent starts at boot, and no rival that would flush its rules" boots_alone
  check FIREWALL-06 "G08 rules go through nf_tables" uses_nf_tables
  check FIREWALL-07 "G08 G09 what no rule accepts is dropped, coming in or passing through" drops_by_default
  check FIREWALL-08 "G11 the rules are loaded before any network comes up" loads_first
  check FIREWALL-09 "G11 a start brings just these rules, and a stop leaves them" brings_just_these
  check FIREWALL-10 "G11 an upgrade does not write the rules of the moment over them" upgrades_keep_files
  check FIREWALL-11 "G08 G09 nobody but root asks the metadata service" metadata_for_root
}

apply() {
  local stale=no
  load_wanted
  use_nf_tables
  if ! same "$loaded_v4" "$(running iptables)" >/dev/null ||
    ! same "$loaded_v6" "$(running ip6tables)" >/dev/null; then stale=yes; fi
  if [[ $stale == no ]] && ! armed && is_persisted; then return 0; fi
  # The package's own folder stays as it is: closing it is the control system's, and no rollback would open it again.
  [[ -d ${RULES_V4%/*} ]] || install -d -m 700 -- "${RULES_V4%/*}"
  arm_rollback "${PARAM[ROLLBACK_SECONDS]}" firewall/restore "$RULES_V4" "$RULES_V6"
  if [[ $stale == yes ]]; then load_rules; fi
  put_file "$RULES_V4" 600 root:root <<<"$wanted_v4"
  put_file "$RULES_V6" 600 root:root <<<"$wanted_v6"
  start_at_boot
  keep_from_upgrades
}

# snapshot_running STATE: what the lib's rollback keeps beside the files.
snapshot_running() {
  complete "$(iptables-save 2>/dev/null)" "$loaded_v4" >"$1/running.v4"
  complete "$(ip6tables-save 2>/dev/null)" "$loaded_v6" >"$1/running.v6"
}

# load_rules: each family is one transaction; should the second fail, both are put back at once.
load_rules() {
  local reason
  keep_connections
  if reason=$({
    complete "$wanted_v4" "$(iptables-save 2>/dev/null)" | iptables-restore --wait 10 &&
      complete "$wanted_v6" "$(ip6tables-save 2>/dev/null)" | ip6tables-restore --wait 10
  } 2>&1); then
    # Once more, for a connection that was being opened while the rules were put in place.
    keep_connections
    changed "loaded the rules"
    return 0
  fi
  flock --unlock 9
  "$ROLLBACK_COMMAND" "$CONTROL"
  die 70 "the rules could not be loaded, the old ones are back: $reason"
}

is_persisted() {
  is_file "$RULES_V4" 600 root:root "$wanted_v4" && is_file "$RULES_V6" 600 root:root "$wanted_v6" &&
    boots_alone >/dev/null && loads_first >/dev/null && brings_just_these >/dev/null &&
    upgrades_keep_files >/dev/null
}

# --- Checks: each prints why it fails ---------------------------------------------------------

drops_by_default() {
  local chain family
  for chain in INPUT FORWARD; do
    for family in iptables ip6tables; do
      [[ $("$family" -S "$chain" | head -n 1) == "-P $chain DROP" ]] ||
        no "$chain accepts by default ($family)" || return
    done
  done
}

# Only the first rule of all is certain to be asked.
metadata_for_root() {
  is_first iptables 169.254.169.254/32 icmp && is_first ip6tables fd00:a9fe:a9fe::1/128 icmp6
}

is_first() {
  [[ $("$1" -S OUTPUT 1) == "-A OUTPUT -d $2 -m owner --socket-exists ! --uid-owner 0 -j REJECT --reject-with $3-port-unreachable" ]] ||
    no "OUTPUT does not begin by refusing $2 to all but root ($1)"
}
