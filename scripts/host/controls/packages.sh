#!/usr/bin/env bash
# packages: everything the other controls need, installed in one apt transaction
#
# Threat:  an install that dies half-way or waits for an answer leaves a server half hardened.
# Source:  PACKAGES is the union of the `# packages:` lines of the controls in use.
# Changes: installed packages; not even apt's lists are touched when none is missing. The source of the
#          database's packages, where the release does not have them.
# needs:   debconf
# checks:  PACKAGES-01 G17, PACKAGES-02 G17, PACKAGES-03 G13
# shellcheck shell=bash

readonly APT_ATTEMPTS=5 APT_LOCK_SECONDS=300

takes PACKAGES '^[a-z0-9][a-z0-9+.-]*( [a-z0-9][a-z0-9+.-]*)*$'
takes DATABASE_SOURCE '^(none|vendor|archive|suite:[a-z]+)$' none
takes SOURCE_EXPIRED '^(refuse|accept)$' refuse

# shellcheck source-path=SCRIPTDIR/packages source=packages/source.sh
source "$HOST_DIR/controls/packages/source.sh"
# shellcheck source=packages/interrupted.sh
source "$HOST_DIR/controls/packages/interrupted.sh"

audit() {
  load_source
  check PACKAGES-01 "G17 every package that a control needs is installed" all_installed
  check PACKAGES-02 "G17 no package is left half installed" none_broken
  check PACKAGES-03 "G13 the database has the source of the settings, which is asked for nothing else" source_is_exact
}

apply() {
  local missing
  load_source
  finish_interrupted
  missing=$(wanted_packages | paste -sd ' ')
  put_source
  if [[ -z $missing ]]; then return 0; fi
  preset_answers
  refresh_lists
  # shellcheck disable=SC2086 # a list of words, each of a package name's shape
  installing apt_get install --no-install-recommends $missing
  changed "installed $missing"
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
# DPkg::Lock::Timeout covers the install; the lists have a lock of their own, hence the attempts. A source
# that is not what it should be is no better in a moment.
refresh_lists() {
  local attempt said
  for ((attempt = 1; attempt < APT_ATTEMPTS; attempt++)); do
    if said=$(apt_get update 2>&1 </dev/null); then return 0; fi
    if [[ $said =~ (is expired|is not signed|[Ss]ignature|[Ss]igned file isn|OpenPGP) ]]; then break; fi
    sleep "$((attempt * 2))"
  done
  if [[ $said == *'is expired'* ]]; then
    grep 'is expired' <<<"$said" >&2
    die 70 "a source of packages has expired, so that what it names may be old and have known holes; wait until it \
is renewed or, if it is the database's, accept it as it is with the setting database.source.expired"
  fi
  quietly apt_get update
}

apt_get() {
  NEEDRESTART_MODE=a apt-get --quiet --assume-yes \
    -o DPkg::Lock::Timeout="$APT_LOCK_SECONDS" -o APT::Update::Error-Mode=any \
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
