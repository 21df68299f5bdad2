# shellcheck shell=bash
# login-alerts/watch: how a login gets into /var/log/auth.log, and that Monit looks there.

readonly RSYSLOG=/etc/rsyslog.d/00-stronghold-auth.conf PROBE_SECONDS=5
readonly LIMIT=/run/systemd/units/log-rate-limit

# probe_auth_log: how often a line that was logged just now is in auth.log.
probe_auth_log() {
  local nonce deadline times=0
  nonce="probe $(od -An -N8 -tx8 /dev/urandom | tr -d ' ')"
  logger --tag stronghold --priority auth.info -- "$nonce"
  deadline=$((SECONDS + PROBE_SECONDS))
  while ((times == 0 && SECONDS < deadline)); do
    times=$(tail -n 2000 -- "$AUTH_LOG" 2>/dev/null | grep -cF "$nonce") || sleep 0.1
  done
  printf '%s' "$times"
}

# sshd_may_say_all: whether journald knows the limit of ssh.service's drop-in.
sshd_may_say_all() {
  [[ $(readlink "$LIMIT-burst:ssh.service") == 1000000 && $(readlink "$LIMIT-interval:ssh.service") == 1000000 ]]
}

# write_auth_log: Debian's rsyslog has a rule for it. Ours is there only where that one is not, for
# two would write every line twice.
write_auth_log() {
  local rule
  if ! group_is_exact auth-log >/dev/null; then
    put_files auth-log
    quietly systemctl daemon-reload
    quietly systemctl restart systemd-journald.service
  fi
  if ! sshd_may_say_all; then
    # systemd writes these links when it starts sshd. It does so at the next boot; restarting sshd now
    # could lock everybody out.
    ln -sfn 1000000 "$LIMIT-interval:ssh.service"
    ln -sfn 1000000 "$LIMIT-burst:ssh.service"
    changed "took the limit off sshd's lines in the journal"
  fi
  if auth_log_is_written >/dev/null; then return 0; fi
  if ! is_running rsyslog.service >/dev/null; then
    quietly systemctl enable --now rsyslog.service
    changed "started rsyslog"
  fi
  case $(probe_auth_log) in
    0)
      rule=$(render "login-alerts$RSYSLOG")
      put_file "$RSYSLOG" 644 root:root rsyslogd -N1 -f <<<"$rule"
      ;;
    1) ;;
    *)
      if [[ -f $RSYSLOG ]]; then
        rm -f -- "$RSYSLOG"
        changed "removed $RSYSLOG, since rsyslog.conf has that rule again"
      fi
      ;;
  esac
  quietly systemctl restart rsyslog.service
}

watch_log() {
  put_files monit
  if monit_watches >/dev/null; then return 0; fi
  quietly systemctl enable monit.service
  quietly systemctl restart monit.service
  changed "started Monit"
  # It answers a moment after it has started.
  local deadline=$((SECONDS + PROBE_SECONDS))
  until monit_watches >/dev/null || ((SECONDS >= deadline)); do sleep 0.1; done
}
