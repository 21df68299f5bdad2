#!/usr/bin/env bash
# on-host: runs lynis and OpenSCAP on the server that it is started on, and prints what they found.
#
# They are installed here, as tools of the test alone. $1 and $2: the lines of two profiles for lynis, without
# what is waived and with it, $3: the profiles of OpenSCAP, as words.
set -euo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C DEBIAN_FRONTEND=noninteractive

readonly CONTENT=/usr/share/xml/scap/ssg/content
work=$(mktemp -d -p /var/tmp)
readonly work
trap 'rm -rf -- "$work" /etc/lynis/custom.prf' EXIT

# linux-base comes with every kernel: without it OpenSCAP takes the server for one without a kernel of its own,
# and asks nothing of kernel, audit and network.
apt-get -qq update
apt-get -qq install --no-install-recommends lynis openscap-scanner ssg-debian linux-base &>"$work/apt" ||
  { cat "$work/apt" >&2 && exit 1; }

section() { printf '@@ %s\n' "$1"; }

# adapted OLD NEW: the content of Debian 12, where Debian 13 is known to differ.
adapted() {
  [[ $(grep -cF -- "$1" "$work/content") == 1 ]] || {
    printf 'the content of OpenSCAP has changed: "%s" is not in it once\n' "$1" >&2
    exit 1
  }
  OLD=$1 NEW=$2 perl -pi -e 's/\Q$ENV{OLD}\E/$ENV{NEW}/' "$work/content"
}

content() {
  if [[ -f $CONTENT/ssg-debian13-ds.xml ]]; then
    cp "$CONTENT/ssg-debian13-ds.xml" "$work/content"
  else
    cp "$CONTENT/ssg-debian12-ds.xml" "$work/content"
    adapted '^12.[0-9]+$' '^13.[0-9]+$'
    # Which unit loads the rules of audit.
    adapted 'Requires=augenrules.service' 'Requires=audit-rules.service'
  fi
}

# lynis_says NAME PROFILE
lynis_says() {
  local name=$1
  printf '%s\n' "$2" >/etc/lynis/custom.prf
  lynis audit system --quick --no-colors --report-file "$work/report" --logfile "$work/log" &>"$work/lynis" ||
    { tail -n 20 "$work/lynis" >&2 && exit 1; }
  section "$name-report"
  grep -E '^(warning\[|suggestion\[|hardening_index|lynis_version)' "$work/report" || true
  section "$name-log"
  grep -E 'Performing test ID|Currently having|has a different value' "$work/log" || true
  rm -f "$work/report" "$work/log"
}

lynis_says waived "$1"
lynis_says plain "$2"

content
for profile in $3; do
  # It ends with 2 where a rule fails.
  oscap xccdf eval --skip-valid --profile "xccdf_org.ssgproject.content_profile_$profile" \
    --results "$work/results" "$work/content" &>"$work/oscap" || (($? == 2)) ||
    { tail -n 20 "$work/oscap" >&2 && exit 1; }
  section "$profile"
  grep -oE '</?Group( [^>]*)?>?|<Rule [^>]*|<rule-result [^>]*|<result>[a-z]+|<score [^/]*' "$work/results"
done

section settings
cat /etc/sysctl.d/zz-stronghold.conf
section versions
oscap --version | sed -n '1s/.*) //p'
dpkg-query -W -f '${Version}\n' ssg-debian
