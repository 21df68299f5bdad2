/** The clock, the alerts, the packages and the audit itself. */
import { broken } from "./mutation";

const CHRONY = "/etc/chrony/chrony.conf";
const ALERTS = "/etc/stronghold/alerts";
const UNITS = "/etc/systemd/system";
const COPY = "/usr/local/lib/stronghold";
const MEMORY = "/var/lib/stronghold/applied";
const AUDIT = "mend audit apply";

export const CLOCK = [
  broken(
    "a rival",
    "printf '[Service]\\nExecStart=sleep 999\\n' >/etc/systemd/system/systemd-timesyncd.service; systemctl daemon-reload; systemctl start systemd-timesyncd",
    "CLOCK-06 AUDIT-05",
    "systemctl stop systemd-timesyncd; rm -f /etc/systemd/system/systemd-timesyncd.service; systemctl daemon-reload",
  ),
  broken(
    "another server in the file",
    `echo 'server 203.0.113.66' >>${CHRONY}`,
    "CLOCK-01 AUDIT-05",
  ),
  broken(
    "another server, told to chronyd alone",
    "quietly chronyc -n add server 203.0.113.66",
    "CLOCK-03",
  ),
  broken(
    "a file that chronyd is told to read instead",
    "keep /etc/default/chrony; echo 'DAEMON_OPTS=\"-F 1 -f /run/other.conf\"' >/etc/default/chrony",
    "CLOCK-01 AUDIT-05",
  ),
  broken(
    "a clock for everyone",
    `printf 'allow\\nport 123\\n' >>${CHRONY}; systemctl restart chrony`,
    "CLOCK-01 05 AUDIT-05 08",
  ),
  broken("a stopped chronyd", "systemctl stop chrony", "CLOCK-02 03 04 AUDIT-09"),
  broken("a masked chronyd", "quietly systemctl mask --now chrony", "CLOCK-02 03 04 AUDIT-05 09"),
  broken(
    "a check that always agrees",
    "printf '#!/bin/sh\\n' >/usr/local/sbin/stronghold-clock-check",
    "CLOCK-07 AUDIT-05",
  ),
];

/** Holds a lock for as long as its mutation is there. */
const HOLD = "sleep 601";

export const LOGIN_ALERTS = [
  broken(
    "an alert that waits",
    "install -D -m 600 /dev/null /var/spool/stronghold-alerts/refused/mail/1-stray",
    "LOGIN-ALERTS-07",
    "rm -rf /var/spool/stronghold-alerts/refused/mail",
  ),
  broken(
    "a channel that does not work",
    // An alert that is still on its way, of the clock's above, would be the next to say how it went.
    `cd /var/lib/stronghold/alerts; setsid flock mail.lock ${HOLD} >/dev/null 2>&1 &
      until pgrep -xf '${HOLD}' >/dev/null; do sleep 0.1; done
      keep $PWD/mail.result; printf 'refused\\t%s\\tno relay\\n' $(date +%s) >mail.result`,
    "LOGIN-ALERTS-08",
    `back; pkill -xf '${HOLD}'`,
  ),
  broken(
    "a journal that forwards nothing",
    "cd /etc/systemd/journald.conf.d; sed -i s/=yes/=no/ zz-*; systemctl restart systemd-journald",
    "LOGIN-ALERTS-01 AUDIT-05",
  ),
  broken(
    "an rsyslog that is stopped",
    "quietly systemctl stop rsyslog.service syslog.socket",
    "LOGIN-ALERTS-01 AUDIT-09",
  ),
  broken("a Monit that is stopped", "systemctl stop monit", "LOGIN-ALERTS-02 AUDIT-09"),
  broken(
    "a Monit that does not start at boot",
    "quietly systemctl disable monit",
    "LOGIN-ALERTS-02 AUDIT-05 09",
  ),
  broken(
    "a Monit that tells of itself",
    "echo 'set alert eve@example.org' >>/etc/monit/monitrc",
    "LOGIN-ALERTS-02 AUDIT-05",
  ),
  broken(
    "another program that tells",
    "printf '#!/bin/bash\\n' >/usr/local/sbin/stronghold-alert",
    "LOGIN-ALERTS-03 AUDIT-05",
  ),
  broken(
    "a part of it that is gone",
    "rm /usr/local/lib/stronghold-alert/channels.sh",
    "LOGIN-ALERTS-03 AUDIT-05",
  ),
  broken(
    "a unit that looks rarely",
    `sed -i s/30/3000/ ${UNITS}/stronghold-alerts.timer; systemctl daemon-reload`,
    "LOGIN-ALERTS-03 AUDIT-05",
  ),
  broken(
    "nobody to look for logins",
    "systemctl stop stronghold-alerts.timer",
    "LOGIN-ALERTS-04 AUDIT-09",
  ),
  broken(
    "nobody to send mail",
    "systemctl stop stronghold-alerts-send@mail.path",
    "LOGIN-ALERTS-04 AUDIT-09",
  ),
  broken(
    "another relay",
    `sed -i 's/^url = .*/url = "smtp:\\/\\/203.0.113.66"/' ${ALERTS}/mail`,
    "LOGIN-ALERTS-05 AUDIT-05",
  ),
  broken(
    "certificates that are not verified",
    `echo insecure >>${ALERTS}/common`,
    "LOGIN-ALERTS-05 AUDIT-05",
  ),
  broken(
    "secrets that a group may read",
    `chmod 640 ${ALERTS}/pushover`,
    "LOGIN-ALERTS-05 AUDIT-05",
  ),
  broken(
    "everybody on the white list",
    `echo '*' >>${ALERTS}/white-list`,
    "LOGIN-ALERTS-06 AUDIT-05",
  ),
  broken(
    "a log that is not rotated",
    "rm /etc/logrotate.d/stronghold-alerts",
    "LOGIN-ALERTS-09 AUDIT-05",
  ),
  broken(
    "a log that leads elsewhere",
    "ln -sf /dev/null /var/log/stronghold-alerts.log",
    "LOGIN-ALERTS-09",
  ),
];

export const PACKAGES = [
  broken(
    "a package that is half installed",
    "keep /var/lib/dpkg/status; sed -i '/^Package: cron$/,/^$/s/^Status: .*/Status: install ok half-configured/' /var/lib/dpkg/status",
    "PACKAGES-02 AUDIT-06",
    "back",
  ),
  broken(
    "a package that is gone",
    "quietly dpkg --remove --force-depends netfilter-persistent iptables-persistent",
    "PACKAGES-01 FIREWALL-00 AUDIT-05 06 09",
    "mend packages apply; mend firewall apply confirm; quietly systemctl reenable netfilter-persistent",
  ),
];

export const SELF = [
  broken("a control that was changed", `echo : >>${COPY}/controls/ssh.sh`, "AUDIT-01", AUDIT),
  broken("a control that others can change", `chmod 666 ${COPY}/lib.sh`, "AUDIT-01", AUDIT),
  broken("a file beside the controls", `touch ${COPY}/controls/more.sh`, "AUDIT-01", AUDIT),
  broken(
    "a memory that others can read",
    `chmod 644 ${MEMORY}/accounts`,
    "ACCOUNTS-00 AUDIT-02",
    AUDIT,
  ),
  broken(
    "a memory that is lost",
    `mv ${MEMORY}/clock /run/`,
    "AUDIT-02",
    `mv /run/clock ${MEMORY}/`,
  ),
  broken(
    "a nightly audit that does nothing",
    `sed -i s/ExecStart=.*/ExecStart=true/ ${UNITS}/stronghold-audit.service`,
    "AUDIT-03 05",
    AUDIT,
  ),
  broken("no nightly audit", "systemctl stop stronghold-audit.timer", "AUDIT-04 09", AUDIT),
  broken(
    "no nightly audit after a boot",
    "quietly systemctl disable stronghold-audit.timer",
    "AUDIT-04 05 09",
    AUDIT,
  ),
  broken(
    "nothing to compare with",
    "mv /var/lib/stronghold/audit/baseline /run/",
    "AUDIT-05 06 07 08 09 10",
    "mv /run/baseline /var/lib/stronghold/audit/",
  ),
];
