/** Accounts, keys, sudo, passwords and second factors. */
import { broken } from "./mutation";

const RECORDS = "/var/lib/stronghold/passwords";
const FACTORS = "/var/lib/stronghold/two-factor";
const TURN = "/usr/local/sbin/stronghold-login-turn";
const QUALITY = "/etc/security/pwquality.conf.d";
const NOBODY = "quietly userdel -r stray || quietly userdel stray";

export const ACCOUNTS = [
  broken(
    "a key more for a person",
    "echo 'ssh-ed25519 AAAA x' >>/home/ada/.ssh/authorized_keys",
    "ACCOUNTS-04 AUDIT-05",
  ),
  broken("keys that others may read", "chmod 755 /home/ada/.ssh", "ACCOUNTS-04 AUDIT-05"),
  broken(
    "a second file of keys",
    "cp -a /home/ada/.ssh/authorized_keys{,2}",
    "ACCOUNTS-04 AUDIT-05",
  ),
  broken("a home that others may write to", "chmod 777 /home/ada", "ACCOUNTS-03"),
  broken("a home of somebody else's", "chown root /home/ada", "ACCOUNTS-03"),
  broken("a person without a shell", "usermod -s /usr/sbin/nologin ada", "ACCOUNTS-01 AUDIT-07"),
  broken("a person who may not log in", "quietly gpasswd -d ada ssh-users", "ACCOUNTS-01 AUDIT-07"),
  broken(
    "a key of automation that works from anywhere",
    "sed -i 's/^restrict[^ ]* //' /home/deployer/.ssh/authorized_keys",
    "ACCOUNTS-05 AUDIT-05",
  ),
  broken(
    "a password for automation",
    "echo deployer:a-long-password | chpasswd -c YESCRYPT",
    "ACCOUNTS-02 AUDIT-07",
  ),
  broken("automation in sudo", "quietly gpasswd -a deployer sudo", "ACCOUNTS-08 AUDIT-07"),
  broken(
    "sudo without a password",
    "echo 'ada ALL=(ALL) NOPASSWD: /bin/ls' >/etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz",
    "ACCOUNTS-06 AUDIT-05",
  ),
  broken(
    "sudo without a password by default",
    "echo 'Defaults !authenticate' >/etc/sudoers.d/50-x; chmod 440 /etc/sudoers.d/50-x",
    "ACCOUNTS-06 AUDIT-05",
  ),
  broken(
    "sudo without a password in its own file",
    "add '%sudo ALL=(ALL) NOPASSWD: ALL' /etc/sudoers",
    "ACCOUNTS-06 AUDIT-05",
    "back",
  ),
  broken(
    "a rule of sudo that is none",
    "add nonsense /etc/sudoers",
    "ACCOUNTS-06 07 AUDIT-05",
    "back",
  ),
  broken(
    "a new member of sudo",
    "useradd stray; quietly gpasswd -a stray sudo",
    "ACCOUNTS-08 AUDIT-07",
    NOBODY,
  ),
  broken(
    "a new member of ssh-users",
    "useradd stray; quietly gpasswd -a stray ssh-users",
    "ACCOUNTS-08 AUDIT-07",
    NOBODY,
  ),
  broken(
    "a new account with a password",
    "useradd -m -s /bin/bash stray; echo stray:a-long-password | chpasswd -c YESCRYPT",
    "ACCOUNTS-10 AUDIT-07",
    NOBODY,
  ),
  broken(
    "a new account with a key",
    "useradd -m -s /bin/bash stray; install -D /home/{ada,stray}/.ssh/authorized_keys; chown -R stray /home/stray",
    "ACCOUNTS-10 AUDIT-05 07",
    NOBODY,
  ),
  broken(
    "a second root",
    "useradd -o -u 0 -M -d /root -s /bin/bash stray",
    "ACCOUNTS-11 AUDIT-07",
    "sed -i /^stray:/d /etc/{passwd,shadow,group,gshadow}",
  ),
  broken(
    "a key for root",
    "keep /root/.ssh/authorized_keys; cat /home/ada/.ssh/authorized_keys >/root/.ssh/authorized_keys",
    "ACCOUNTS-12 AUDIT-05",
    "back",
  ),
];

export const PASSWORDS = [
  broken(
    // Of no effect, as the main file has the last word, and yet nobody's business.
    "short passwords, by a later file",
    `echo 'minlen = 6' >${QUALITY}/zzz.conf`,
    "AUDIT-05",
    `rm ${QUALITY}/zzz.conf`,
  ),
  broken(
    "passwords without a small letter, by the main file",
    "add 'lcredit=1' /etc/security/pwquality.conf",
    "PASSWORDS-02 03 AUDIT-05",
  ),
  broken(
    "quality that is advice",
    "add 'enforcing 0' /etc/security/pwquality.conf",
    "PASSWORDS-02 AUDIT-05",
  ),
  broken(
    "quality that root need not care about",
    `sed -i /enforce_for_root/d ${QUALITY}/zz-stronghold.conf`,
    "PASSWORDS-02 AUDIT-05",
  ),
  broken(
    "another dictionary",
    `echo 'dictpath = /nowhere' >${QUALITY}/a.conf`,
    "PASSWORDS-02 03 AUDIT-05",
  ),
  broken("no settings of quality", `rm ${QUALITY}/zz-stronghold.conf`, "PASSWORDS-02 AUDIT-05"),
  broken(
    "PAM that asks for less",
    "sed -i 's/pwquality.so.*/& minlen=4/' /etc/pam.d/common-password",
    "PASSWORDS-01 AUDIT-05",
  ),
  broken(
    "PAM that has a way around",
    "sed -i '1i password sufficient pam_unix.so' /etc/pam.d/common-password",
    "PASSWORDS-01 AUDIT-05",
  ),
  broken(
    "PAM that hashes fast",
    "sed -i 's/yescrypt$/md5/' /etc/pam.d/common-password",
    "PASSWORDS-01 AUDIT-05",
  ),
  broken(
    "a program with rules of its own",
    "add 'password sufficient pam_unix.so' /etc/pam.d/passwd",
    "PASSWORDS-01 AUDIT-05",
    "back",
  ),
  broken("root with a password", "echo root:x | chpasswd -c YESCRYPT", "PASSWORDS-04 AUDIT-07"),
  broken(
    "root with a password behind a lock",
    "echo root:x | chpasswd -c YESCRYPT; usermod -L root",
    "PASSWORDS-04",
  ),
  broken("root without a password", "usermod -p '' root", "ACCOUNTS-13 PASSWORDS-04 AUDIT-07"),
  broken("a person without a password", "usermod -p '' ada", "ACCOUNTS-13 PASSWORDS-05 AUDIT-07"),
  broken("a person who is locked", "usermod -L ada", "PASSWORDS-05 AUDIT-07"),
  broken("a hash that is guessed fast", "echo ada:x | chpasswd -c MD5", "PASSWORDS-05"),
  broken(
    "records of passwords for everyone",
    `chmod 755 ${RECORDS}; chmod 644 ${RECORDS}/ada`,
    "PASSWORDS-07",
  ),
  broken("a record of a stranger", `echo x >${RECORDS}/stray`, "PASSWORDS-07"),
  broken("a password that ages", "chage -M 60 ada", "PASSWORDS-08"),
  broken("automation that has to change its password", "chage -d 0 deployer", "PASSWORDS-08"),
];

export const TWO_FACTOR = [
  broken(
    "codes that may be used twice",
    `sed -i /DISALLOW_REUSE/d ${FACTORS}/ada`,
    "TWO-FACTOR-05",
  ),
  broken("no limit of guesses", `sed -i /RATE_LIMIT/d ${FACTORS}/ada`, "TWO-FACTOR-05"),
  broken("a wide window", `sed -i 's/SIZE 3/SIZE 100/' ${FACTORS}/ada`, "TWO-FACTOR-05"),
  broken(
    "a time of grace",
    `sed -i '1a" LAST0 203.0.113.66 9999999999' ${FACTORS}/ada`,
    "TWO-FACTOR-05",
  ),
  broken("a scratch code of one's own", `echo 12345678 >>${FACTORS}/ada`, "TWO-FACTOR-06"),
  broken("a second factor that others may read", `chmod 644 ${FACTORS}/ada`, "TWO-FACTOR-07"),
  broken("a second factor that is the person's", `chown ada ${FACTORS}/ada`, "TWO-FACTOR-07"),
  broken(
    "another secret",
    `sed -i '1s/.*/KRSXG5DSNFXGOIDBKRSXG5DSNFXGOIDB/' ${FACTORS}/ada`,
    "TWO-FACTOR-04",
  ),
  broken("no second factor", `rm ${FACTORS}/ada`, "TWO-FACTOR-04 05 06 07"),
  broken("a stranger's second factor", `cp -a ${FACTORS}/{ada,stray}`, "TWO-FACTOR-08"),
  broken(
    "turns that nobody takes",
    `printf '#!/bin/sh\\nexit 0\\n' >${TURN}`,
    "TWO-FACTOR-09 AUDIT-05",
  ),
  broken(
    "nobody asked for a code",
    "sed -i '1iauth sufficient pam_permit.so' /etc/pam.d/sshd",
    "TWO-FACTOR-01 03 SSH-02 AUDIT-05",
  ),
  broken(
    "people who are let into a closing system",
    "sed -i /pam_nologin/d /etc/pam.d/sshd",
    "TWO-FACTOR-01 02 AUDIT-05",
  ),
  broken(
    "accounts that count for nothing",
    "edit '1iaccount sufficient pam_permit.so' /etc/pam.d/common-account",
    "TWO-FACTOR-02 AUDIT-05",
    "back",
  ),
];
