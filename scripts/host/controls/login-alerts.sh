#!/usr/bin/env bash
# login-alerts: every login outside the white list is told by mail, Slack and Pushover within seconds
#
# Threat:  somebody gets in with a stolen key and nobody notices; a watcher that has silently gone blind.
# Source:  guide, intrusion detection. It matches two-factor logins only, in a log that Debian 13 has not.
# Changes: monitrc and Monit, stronghold-alert with its units, channels and queue, journald's and
#          rsyslog's part in writing /var/log/auth.log, logrotate. Alerts that wait are kept.
# needs:   ca-certificates curl iproute2 jq logrotate monit openssl rsyslog
# checks:  LOGIN-ALERTS-01 G12, LOGIN-ALERTS-02 G12, LOGIN-ALERTS-03 G12, LOGIN-ALERTS-04 G12, LOGIN-ALERTS-05 G12, LOGIN-ALERTS-06 G12, LOGIN-ALERTS-07 G12, LOGIN-ALERTS-08 G12, LOGIN-ALERTS-09 G12
# shellcheck shell=bash

readonly AUTH_LOG=/var/log/auth.log ALERTS_LOG=/var/log/stronghold-alerts.log
readonly ALERTS=/etc/stronghold/alerts ALERTS_STATE=/var/lib/stronghold/alerts
readonly SPOOL=/var/spool/stronghold-alerts MONITRC=/etc/monit/monitrc
readonly CHANNELS=(mail slack pushover) WAIT_MINUTES_MAX=5
readonly SHAPE_MAIL='[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,253}'
readonly SHAPE_URL='https://[A-Za-z0-9][A-Za-z0-9.:-]*/[A-Za-z0-9/._~-]*'

takes DEPLOYER "$SHAPE_ACCOUNT"
takes WHITE_LIST_B64 "$SHAPE_BASE64" ''
takes MAIL_RELAY '^([A-Za-z0-9][A-Za-z0-9.-]{0,252}:[1-9][0-9]{0,4})?$' ''
takes MAIL_TLS '^(starttls|implicit)$' starttls
takes MAIL_USER '^[^[:cntrl:]]{0,1024}$' ''
takes MAIL_PASSWORD_B64 "$SHAPE_BASE64" ''
takes MAIL_FROM "^($SHAPE_MAIL)?\$" ''
takes MAIL_TO "^($SHAPE_MAIL(,$SHAPE_MAIL)*)?\$" ''
takes SLACK_WEBHOOK_B64 "$SHAPE_BASE64" ''
takes PUSHOVER_URL "^($SHAPE_URL)?\$" ''
takes PUSHOVER_TOKEN '^([A-Za-z0-9]{30})?$' ''
takes PUSHOVER_USER '^([A-Za-z0-9]{30})?$' ''
takes CA_B64 "$SHAPE_BASE64" ''
takes RECEIVER '^(stronghold-push)?$' ''

# shellcheck source-path=SCRIPTDIR/login-alerts source=login-alerts/checks.sh
source "$HOST_DIR/controls/login-alerts/checks.sh"

audit() {
  load_wanted
  check LOGIN-ALERTS-01 "G12 what sshd logs reaches $AUTH_LOG once and at once, however much it is" auth_log_is_written
  check LOGIN-ALERTS-02 "G12 Monit watches $AUTH_LOG and says nothing of itself" monit_watches
  check LOGIN-ALERTS-03 "G12 the programs that find and send alerts are ours and root's alone" group_is_exact programs
  check LOGIN-ALERTS-04 "G12 logins are looked for now and after a boot, and each channel is served" is_on
  check LOGIN-ALERTS-05 "G12 alerts go where the settings say and nowhere else; secrets are root's alone" channels_are_exact
  check LOGIN-ALERTS-06 "G12 the white list is the settings'" group_is_exact white-list
  check LOGIN-ALERTS-07 "G12 no alert waits for more than $WAIT_MINUTES_MAX minutes, was refused or dropped" nothing_waits
  check LOGIN-ALERTS-08 "G12 the last alert on each channel arrived" channels_work
  check LOGIN-ALERTS-09 "G12 every alert is logged, and the log is rotated" log_is_kept
}

apply() {
  local channel stale=no renewed=no
  load_wanted
  make_folders < <(wanted_folders)
  write_auth_log
  start_from_here
  if ! channels_are_exact >/dev/null; then stale=yes; fi
  if ! group_is_exact programs >/dev/null; then renewed=yes; fi
  drop_channels
  put_files programs log
  make_log
  # The white list first: with an old one, a login that nobody wants to hear of would be told.
  put_files white-list
  put_files settings
  load_units
  for channel in "${CHANNELS[@]}"; do
    if [[ $stale == yes ]] && is_wanted "$channel"; then try_anew "$channel"; fi
  done
  watch_log
}

make_log() {
  if log_is_kept >/dev/null; then return 0; fi
  [[ ! -L $ALERTS_LOG ]] || rm -f -- "$ALERTS_LOG"
  touch -- "$ALERTS_LOG"
  chown root:root -- "$ALERTS_LOG"
  chmod 600 -- "$ALERTS_LOG"
  quietly systemctl enable --now logrotate.timer
  changed "made $ALERTS_LOG root's alone, and rotated"
}

# start_from_here: logins of the time before this control are nobody's news.
start_from_here() {
  local cursor
  if [[ -f $ALERTS_STATE/cursor ]]; then return 0; fi
  cursor=$(journalctl --system --quiet --lines=1 --output=json | jq -r .__CURSOR)
  put_file "$ALERTS_STATE/cursor" 600 root:root <<<"$cursor"
}

# drop_channels: what the settings do not name any more goes, together with what waits for it.
drop_channels() {
  local channel dropped
  for channel in "${CHANNELS[@]}"; do
    if is_wanted "$channel"; then continue; fi
    if systemctl --quiet is-enabled "stronghold-alerts-send@$channel.path" 2>/dev/null; then
      quietly systemctl disable --now "stronghold-alerts-send@$channel.path"
      quietly systemctl stop "stronghold-alerts-send@$channel.service"
      changed "no alerts by $channel any more"
    fi
    dropped=$(($(count_files "$SPOOL/$channel") + $(count_files "$SPOOL/refused/$channel")))
    ((dropped == 0)) || changed "dropped $dropped alerts that waited for $channel"
    rm -rf -- "${SPOOL:?}/$channel" "$SPOOL/refused/$channel" "$ALERTS_STATE/$channel".{result,dropped}
  done
  remove_listed < <(surplus_settings)
}

# try_anew CHANNEL: with the new settings, what the old ones could not deliver.
try_anew() {
  rm -f -- "$ALERTS_STATE/$1.result"
  quietly /usr/local/sbin/stronghold-alert retry
  # Not a restart, which could hit a message that is half sent.
  systemctl kill --signal=USR1 --kill-whom=main "stronghold-alerts-send@$1.service" 2>/dev/null || true
}

# load_units: everything is started anew if a unit or a program changed, for some run for long.
load_units() {
  local unit
  local -a stale=()
  # shellcheck disable=SC2046 # words
  read_units $(units_to_read)
  for unit in $(wanted_units); do
    if [[ $renewed == no ]] && is_running "$unit" >/dev/null; then continue; fi
    stale+=("$unit")
  done
  if ((${#stale[@]} > 0)); then
    # At once, since systemd reads all its units again at each call.
    quietly systemctl enable "${stale[@]}"
    quietly systemctl restart "${stale[@]}"
    quietly systemctl try-restart "${stale[@]/%.path/.service}"
    changed "started ${stale[*]}"
  fi
  if ! scans >/dev/null; then quietly systemctl restart stronghold-alerts.service; fi
}
