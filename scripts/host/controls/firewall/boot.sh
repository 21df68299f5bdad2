# shellcheck shell=bash
# firewall/boot: the saved rules come back by themselves, before any network and after an upgrade.
#
# What loads them is Debian's own netfilter-persistent, a script with plugins and a file of settings
# that may make it skip, mix or flush. So it is not read but rehearsed.

readonly RIVALS=(nftables.service ufw.service firewalld.service)
readonly LOADER=netfilter-persistent.service
readonly LOADER_SETTINGS=/etc/default/netfilter-persistent
readonly LOADER_PLUGINS=/usr/share/netfilter-persistent/plugins.d
readonly NETWORK_MANAGERS=(systemd-networkd.service networking.service NetworkManager.service)

# start_at_boot: only for the next boot, since stopping a rival now would flush the rules.
start_at_boot() {
  local unit
  for unit in "${RIVALS[@]}"; do
    if ! systemctl --quiet is-enabled "$unit" 2>/dev/null; then continue; fi
    quietly systemctl disable "$unit"
    changed "disabled $unit, which would flush the rules at boot"
  done
  ask_loader
  if ! is_packaged_unit >/dev/null; then
    quietly systemctl revert "$LOADER"
    changed "took back what had been changed about the unit netfilter-persistent"
  fi
  if ! systemctl --quiet is-enabled "$LOADER" 2>/dev/null; then
    quietly systemctl enable "$LOADER"
    changed "enabled netfilter-persistent"
  fi
  if ! brings_just_these >/dev/null; then
    put_file "$LOADER_SETTINGS" 644 root:root sh -n <<<"$(render "firewall$LOADER_SETTINGS")"
    quietly chmod -- 755 "$LOADER_PLUGINS"/*-ip{4,6}tables
  fi
}

# keep_from_upgrades: the package's question whether to save the rules of the moment is answered.
keep_from_upgrades() {
  local answer="iptables-persistent iptables-persistent/autosave_%s boolean false\n"
  if upgrades_keep_files >/dev/null; then return 0; fi
  # shellcheck disable=SC2059 # the format is our own
  quietly debconf-set-selections <(printf "$answer" v4 v6)
  changed "answered iptables-persistent that an upgrade saves no rules"
}

# --- Checks: each prints why it fails ---------------------------------------------------------

boots_alone() {
  local unit
  systemctl --quiet is-enabled "$LOADER" 2>/dev/null || no "netfilter-persistent is not enabled" || return
  # It ends well if any of them is.
  if ! systemctl --quiet is-enabled "${RIVALS[@]}" 2>/dev/null; then return 0; fi
  for unit in "${RIVALS[@]}"; do
    ! systemctl --quiet is-enabled "$unit" 2>/dev/null || no "$unit is enabled" || return
  done
}

ask_loader() { ask_units FragmentPath,DropInPaths,Before,Wants,After "$LOADER" "${NETWORK_MANAGERS[@]}"; }

# A file below /etc or /run may replace the unit, order it late, or flush in an ExecStartPost.
is_packaged_unit() {
  local path
  for path in ${UNIT_SAYS["$LOADER FragmentPath"]-} ${UNIT_SAYS["$LOADER DropInPaths"]-}; do
    [[ $path == /usr/lib/systemd/system/* ]] || no "$path changes the unit" || return
  done
}

loads_first() {
  local unit
  ask_loader
  is_packaged_unit || return
  is_named "$LOADER" Before && is_named "$LOADER" Wants || no "it is not ordered before network-pre.target" || return
  # Whoever is not ordered after that target would bring the network up beside the loading.
  for unit in "${NETWORK_MANAGERS[@]}"; do
    is_named "$unit" After || ! systemctl --quiet is-enabled "$unit" 2>/dev/null ||
      no "$unit does not wait for network-pre.target" || return
  done
}

# is_named UNIT PROPERTY: whether network-pre.target is, there.
is_named() { [[ " ${UNIT_SAYS["$1 $2"]-} " == *" network-pre.target "* ]]; }

# Unlike a start, which reads the files, an upgrade of the package may write them.
upgrades_keep_files() {
  local refused family
  # Where debconf keeps its answers: asking itself takes as long as half of this control's audit.
  refused=$(awk '/^Name: / { name = $2 } $0 == "Value: false" { print name }' /var/cache/debconf/config.dat)
  for family in v4 v6; do
    [[ $'\n'$refused$'\n' == *$'\n'"iptables-persistent/autosave_$family"$'\n'* ]] ||
      no "an upgrade of iptables-persistent would save the rules of the moment as rules.$family" ||
      return
  done
}
