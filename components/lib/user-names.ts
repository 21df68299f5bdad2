/** What every tool that handles accounts takes for a name (see useradd(8)). */
const USER_NAME = /^[a-z][-a-z0-9]{0,30}$/;

/** Accounts and groups that Debian, its packages or the controls have or may come to have. */
const RESERVED = new Set(
  (
    "adm admin administrator application audio avahi backup bin cdrom crontab daemon debian dialout dip disk " +
    "dnsmasq docker fax floppy ftp games gnats guest halt haldaemon input irc kmem kvm list lp mail man " +
    "messagebus mlocate monit mysql netdev news nobody nogroup ntp operator plugdev polkitd postfix postgres " +
    "proxy redis render root sasl sgx shadow shutdown src ssh ssh-users sshd ssl-cert staff stronghold " +
    "stronghold-admins stunnel4 sudo sync sys syslog tape test toor tss tty ubuntu user users utmp uucp uuidd " +
    "video voice wheel www-data"
  ).split(" "),
);

export const ALLOWED_USER_NAMES =
  "a user name begins with a lower-case letter and has lower-case letters, digits and hyphens, at most 31 characters";

/** Says what is wrong with a user name, and what to do about it. */
export function userNameFault(name: string): string | undefined {
  if (!USER_NAME.test(name)) return `${ALLOWED_USER_NAMES}; choose another name`;
  if (RESERVED.has(name) || name.startsWith("systemd-")) {
    return "this name belongs to the system; choose the name of a person";
  }
  return undefined;
}
