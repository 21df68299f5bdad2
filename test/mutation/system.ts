/** The kernel, and the defaults that programs start from. */
import { broken } from "./mutation";

export const SYSTEM = [
  broken(
    "a kernel that shall obey keys on the console",
    "sed -i s/^kernel.sysrq.*/kernel.sysrq=1/ /etc/sysctl.d/zz-stronghold.conf",
    "SYSTEM-01 AUDIT-05",
  ),
  broken(
    "a kernel that believes anybody's way",
    "echo 1 >/proc/sys/net/ipv4/conf/all/accept_redirects",
    "SYSTEM-02",
  ),
  broken(
    "a kernel that loads rare protocols",
    "sed -i /dccp/d /etc/modprobe.d/zz-stronghold.conf",
    "SYSTEM-03 AUDIT-05",
  ),
  broken("core dumps", "rm /etc/security/limits.d/zz-stronghold.conf", "SYSTEM-04 AUDIT-05"),
  broken(
    "new files that everybody reads",
    "sed -i 's/^UMASK .*/UMASK 022/' /etc/login.defs",
    "SYSTEM-05 AUDIT-05",
  ),
  broken(
    "shells that never end",
    "sed -i /TMOUT/d /etc/profile.d/zz-stronghold.sh",
    "SYSTEM-06 AUDIT-05",
  ),
  broken(
    "a greeting that names the system",
    "echo 'Debian 13' >>/etc/issue.net",
    "SYSTEM-07 AUDIT-05",
  ),
  broken("a table of cron that everybody reads", "chmod 644 /etc/crontab", "SYSTEM-08 AUDIT-05"),
  broken("programs in /dev/shm", "mount -o remount,exec /dev/shm", "SYSTEM-09"),
  broken(
    "nobody to confine programs after a boot",
    "quietly systemctl disable apparmor",
    "SYSTEM-10 AUDIT-05",
  ),
  broken(
    "no record of what people do",
    "echo >/etc/audit/rules.d/zz-stronghold.rules",
    "SYSTEM-11 AUDIT-05",
  ),
  broken(
    "a compiler for everybody",
    "cp /usr/bin/true /usr/bin/gcc-9; chmod 755 /usr/bin/gcc-9",
    "SYSTEM-12 AUDIT-05",
    "rm /usr/bin/gcc-9",
  ),
];
