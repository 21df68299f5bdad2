/** What no control looks after. */
import { broken } from "./mutation";

export const DRIFT = [
  broken("a setting of the system", "add '# x' /etc/debconf.conf", "AUDIT-05"),
  broken(
    "a setting that everyone may write",
    "keep /etc/debconf.conf; chmod 666 /etc/debconf.conf",
    "AUDIT-05",
    "chmod 644 /etc/debconf.conf; back",
  ),
  broken(
    "a library loaded into every program",
    "touch /etc/ld.so.preload",
    "AUDIT-05",
    "rm /etc/ld.so.preload",
  ),
  broken(
    "a table of cron",
    "echo '* * * * * root true' >/etc/cron.d/stray",
    "AUDIT-05",
    "rm /etc/cron.d/stray",
  ),
  broken("root's table of cron", "echo '0 0 1 1 * true' | crontab -", "AUDIT-05", "crontab -r"),
  broken(
    "a line of every login's",
    "echo true >/etc/profile.d/stray.sh",
    "AUDIT-05",
    "rm /etc/profile.d/stray.sh",
  ),
  broken(
    "a source of packages",
    "touch /etc/apt/sources.list.d/stray.list",
    "AUDIT-05",
    "rm /etc/apt/sources.list.d/stray.list",
  ),
  broken("a name of another address", "add '203.0.113.66 example.org' /etc/hosts", "AUDIT-05"),
  broken(
    "a setting of the kernel",
    "echo 'kernel.x = 1' >/etc/sysctl.d/zz.conf",
    "AUDIT-05",
    "rm /etc/sysctl.d/zz.conf",
  ),
  broken(
    "another program in a package's place",
    "keep /usr/bin/factor; cat /usr/bin/true >/usr/bin/factor",
    "AUDIT-05",
  ),
  broken(
    "a program beside the packages'",
    "cp /usr/bin/true /usr/bin/stray",
    "AUDIT-05",
    "rm /usr/bin/stray",
  ),
  broken(
    "a program of the operator's",
    "cp /usr/bin/true /usr/local/bin/stray",
    "AUDIT-05",
    "rm /usr/local/bin/stray",
  ),
  broken(
    "a package",
    "mkdir -p /run/p/DEBIAN; printf 'Package: stray\\nVersion: 1\\nArchitecture: all\\nMaintainer: a@b.example\\nDescription: x\\n' >/run/p/DEBIAN/control; quietly dpkg-deb -b /run/p /run/p.deb; quietly dpkg -i /run/p.deb",
    "AUDIT-06",
    "quietly dpkg --purge stray",
  ),
  broken("an account of a service", "useradd -r stray", "AUDIT-07", "userdel stray"),
  broken(
    "a service's account with a password",
    "usermod -p '$6$salt$hash' games",
    "AUDIT-07",
    "usermod -p '*' games",
  ),
  broken(
    "a person who may read all logs",
    "quietly gpasswd -a ada adm",
    "AUDIT-07",
    "quietly gpasswd -d ada adm",
  ),
  broken(
    "a service of the moment that listens",
    "systemd-run --quiet --unit=stray python3 -m http.server 8081; until ss -Hltn | grep -q :8081; do sleep 0.1; done",
    "AUDIT-08 09",
    "systemctl stop stray",
  ),
  broken(
    "a timer of the moment",
    "quietly systemd-run --unit=stray --on-active=600 true",
    "AUDIT-09",
    "systemctl stop stray.timer",
  ),
  broken("no cron", "systemctl stop cron", "AUDIT-09", "systemctl start cron"),
  broken(
    "no upgrades",
    "systemctl stop apt-daily-upgrade.timer",
    "AUDIT-09",
    "systemctl start apt-daily-upgrade.timer",
  ),
  broken(
    "no upgrades for ever",
    "quietly systemctl mask --now apt-daily-upgrade.timer",
    "AUDIT-05 09",
    "quietly systemctl unmask apt-daily-upgrade.timer; systemctl start apt-daily-upgrade.timer",
  ),
  broken(
    "a program from nowhere",
    "cp /usr/bin/sleep /var/tmp/stray; (exec setsid /var/tmp/stray 600 >/dev/null 2>&1 &) ; until pgrep -x stray >/dev/null; do sleep 0.05; done; rm /var/tmp/stray",
    "AUDIT-09",
    "pkill -x stray; while pgrep -x stray >/dev/null; do sleep 0.05; done",
  ),
  broken(
    "a program that anybody runs as root",
    "cp /usr/bin/sleep /var/tmp/stray; chmod 4755 /var/tmp/stray",
    "AUDIT-10",
    "rm /var/tmp/stray",
  ),
  broken(
    "a program with a capability",
    "setcap cap_net_raw+ep /usr/bin/factor",
    "AUDIT-10",
    "setcap -r /usr/bin/factor",
  ),
];
