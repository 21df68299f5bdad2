#!/usr/bin/env bash
# packages: everything the other controls need, installed in one apt transaction
#
# Threat:  an install that dies half-way or waits for an answer leaves a server half hardened.
# Source:  PACKAGES is the union of the `# packages:` lines of the controls in use.
# Changes: installed packages; nothing at all, not even apt's lists, when none is missing.
# needs:   debconf
# checks:  PACKAGES-01 G17, PACKAGES-02 G17
# shellcheck shell=bash

readonly APT_ATTEMPTS=5 APT_LOCK_SECONDS=300

takes PACKAGES '^[a-z0-9][a-z0-9+.-]*( [a-z0-9][a-z0-9+.-]*)*$'

audit() {
  check PACKAGES-01 "G17 every package that a control needs is installed" all_installed
  check PACKAGES-02 "G17 no package is left half installed" none_broken
}

apply() {
  local missing
  if ! none_broken >/dev/null; then finish_interrupted; fi
  missing=$(wanted_packages | paste -sd ' ')
  if [[ -z $missing ]]; then return 0; fi
  preset_answers
  refresh_lists
  # shellcheck disable=SC2086 # a list of words, each of a package name's shape
  quietly apt_get install --no-install-recommends $missing
  changed "installed $missing"
}

# finish_interrupted: an earlier transaction was killed in the middle, or is still at work; dpkg itself
# would not wait for that one, so `apt-get check` does.
finish_interrupted() {
  apt_get check &>/dev/null || true
  if none_broken >/dev/null; then return 0; fi
  quietly dpkg --force-confdef --force-confold --configure --pending
  changed "finished an interrupted install"
}

all_installed() {
  local missing
  missing=$(wanted_packages | paste -sd ' ')
  [[ -z $missing ]] || no "missing: $missing"
}

none_broken() {
  local report
  report=$(dpkg --audit) || return
  [[ -z $report ]] || no "$report"
}

# wanted_packages: those of PACKAGES that are not there yet.
wanted_packages() {
  # shellcheck disable=SC2086 # a list of words, each of a package name's shape
  missing_packages ${PARAM[PACKAGES]}
}

# iptables-persistent would ask whether to keep the rules of the moment; the control firewall owns them.
preset_answers() {
  debconf-set-selections <<'END'
iptables-persistent iptables-persistent/autosave_v4 boolean false
iptables-persistent iptables-persistent/autosave_v6 boolean false
END
}

# Right after the first boot other programs hold apt's locks, and the network may be a moment late.
# DPkg::Lock::Timeout covers the install; the lists have a lock of their own, hence the attempts.
refresh_lists() {
  local attempt
  for ((attempt = 1; attempt < APT_ATTEMPTS; attempt++)); do
    if apt_get update &>/dev/null </dev/null; then return 0; fi
    sleep "$((attempt * 2))"
  done
  quietly apt_get update
}

apt_get() {
  NEEDRESTART_MODE=a apt-get --quiet --assume-yes \
    -o DPkg::Lock::Timeout="$APT_LOCK_SECONDS" -o APT::Update::Error-Mode=any \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
