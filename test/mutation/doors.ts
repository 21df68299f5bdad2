/** sshd, and the walls around it. */
import { broken } from "./mutation";

const EVERYONE = "/etc/ssh/stronghold-everyone.conf";
const OURS = "/etc/ssh/sshd_config.d/00-stronghold.conf";
const LATER = "/etc/ssh/sshd_config.d/60-x.conf";
/** A restart is over when sshd says so; after a reload it says "ready" once more, later, as if it had read what came then. */
const READ_AGAIN = "systemctl restart ssh";
const WALL_UNIT = "/etc/systemd/system/netfilter-persistent.service";

export const SSH = [
  broken("no limit of half-open logins", `sed -i /MaxStartups/d ${OURS}`, "SSH-07 12 AUDIT-05"),
  broken("root who may log in", `sed -i /PermitRootLogin/d ${EVERYONE}`, "SSH-03 12 AUDIT-05"),
  broken("a door for every account", `sed -i /^AllowGroups/d ${EVERYONE}`, "SSH-04 12 AUDIT-05"),
  broken("forwarding to anywhere", `sed -i /^PermitOpen/d ${EVERYONE}`, "SSH-08 12 AUDIT-05"),
  broken("automation from everywhere", `sed -i '/^  DenyUsers/d' ${OURS}`, "SSH-10 12 AUDIT-05"),
  broken(
    "keys from a second place",
    `sed -i 's|^AuthorizedKeysFile.*|& /etc/ssh/keys|' ${EVERYONE}`,
    "SSH-11 12 AUDIT-05",
  ),
  broken(
    "an old cipher, by an earlier file",
    "echo 'Ciphers aes128-cbc' >/etc/ssh/sshd_config.d/00-a.conf",
    "SSH-01 05 12 AUDIT-05",
  ),
  broken(
    "a second exception from two factors",
    `sed -i 's/^Match User deployer Address 203/Match User ada\\n  AuthenticationMethods publickey\\n&/' ${OURS}`,
    "SSH-02 12 AUDIT-05",
  ),
  broken(
    "PAM by another name",
    `sed -i 's/^PAMServiceName .*/PAMServiceName login/' ${EVERYONE}`,
    "SSH-02 12 AUDIT-05",
  ),
  broken(
    "automation that is asked for a code",
    `sed -i '/^  AuthenticationMethods/d' ${OURS}`,
    "SSH-09 12 AUDIT-05",
  ),
  broken("settings for which others may write", `chmod 666 ${OURS}`, "SSH-12 AUDIT-05"),
  broken(
    "a second port",
    `echo Port 2222 >${LATER}`,
    "SSH-07 12 AUDIT-05",
    `rm ${LATER}; ${READ_AGAIN}`,
  ),
  broken(
    "a second port that is open",
    `echo Port 2222 >${LATER}; systemctl reload ssh; until ss -Hltn | grep -q :2222; do sleep 0.1; done`,
    "SSH-07 AUDIT-05 08",
    `rm ${LATER}; ${READ_AGAIN}; while ss -Hltn | grep -q :2222; do sleep 0.1; done`,
  ),
  broken(
    "a word that sshd no longer knows",
    `echo 'KeyRegenerationInterval 1h' >${LATER}`,
    "SSH-01 12 AUDIT-05",
    `rm ${LATER}; ${READ_AGAIN}`,
  ),
  broken(
    "a client that believes anyone",
    "echo 'StrictHostKeyChecking no' >/etc/ssh/ssh_config.d/00-stronghold.conf",
    "SSH-13 AUDIT-05",
  ),
  broken(
    "a next server that somebody has added",
    "mkdir -p /etc/ssh; echo \"10.0.0.1 $(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)\" >>/etc/ssh/ssh_known_hosts",
    "SSH-13 AUDIT-05",
  ),
  broken(
    "a file that sshd has not read",
    "touch /etc/ssh/sshd_config.d/50-z.conf",
    "SSH-12 AUDIT-05",
    `rm /etc/ssh/sshd_config.d/50-z.conf; ${READ_AGAIN}`,
  ),
  broken(
    "a host key that others may read, with which no sshd starts",
    "chmod 644 /etc/ssh/ssh_host_ed25519_key",
    "SSH-01 02 03 04 05 06 07 08 09 10 11 12 AUDIT-05",
    `chmod 600 /etc/ssh/ssh_host_ed25519_key; ${READ_AGAIN}`,
  ),
];

export const FIREWALL = [
  broken("a rule more", "iptables -I INPUT -p tcp --dport 80 -j ACCEPT", "FIREWALL-01"),
  broken(
    "a rule more over IPv6 alone",
    "ip6tables -A TCP -p tcp --dport 80 -j ACCEPT",
    "FIREWALL-02",
  ),
  broken("a rule less", "iptables -D TCP 1", "FIREWALL-01"),
  broken("a rule less over IPv6 alone", "ip6tables -D INPUT 1", "FIREWALL-02"),
  broken(
    "rules in another order",
    "ip6tables -D INPUT 1; ip6tables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "FIREWALL-02",
  ),
  broken(
    "another redirect",
    "iptables -t nat -A PREROUTING -p tcp --dport 81 -j REDIRECT",
    "FIREWALL-01",
  ),
  broken("everything let in by default", "iptables -P INPUT ACCEPT", "FIREWALL-01 07"),
  broken(
    "everything passed on by default, over IPv6",
    "ip6tables -P FORWARD ACCEPT",
    "FIREWALL-02 07",
  ),
  broken("no rules at all", "iptables -P INPUT ACCEPT; iptables -F", "FIREWALL-01 07 11"),
  broken("metadata for everybody", "iptables -D OUTPUT 1", "FIREWALL-01 11"),
  broken(
    "the older back end, which does not see our rules",
    "update-alternatives --quiet --set iptables /usr/sbin/iptables-legacy",
    "FIREWALL-01 06 07 11 AUDIT-05",
  ),
  broken(
    "rules of the older back end beside ours",
    "ip6tables-legacy -N X; ip6tables-legacy -A INPUT -j X",
    "FIREWALL-06",
  ),
  broken(
    "rules of another day for the next boot",
    "sed -i '/--dport 22/d' /etc/iptables/rules.v4",
    "FIREWALL-03 09 AUDIT-05",
  ),
  broken("no rules for the next boot", "rm /etc/iptables/rules.v6", "FIREWALL-04 09 AUDIT-05"),
  broken(
    "rules that everyone may read",
    "chmod 644 /etc/iptables/rules.v6",
    "FIREWALL-04 AUDIT-05",
  ),
  broken(
    "nobody to load them",
    "quietly systemctl disable netfilter-persistent",
    "FIREWALL-05 AUDIT-05 09",
  ),
  broken(
    "a rival that flushes them at boot",
    "printf '[Service]\\nExecStart=/bin/true\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/nftables.service; quietly systemctl enable nftables",
    "FIREWALL-05 AUDIT-05",
    "quietly systemctl disable nftables; rm /etc/systemd/system/nftables.service; systemctl daemon-reload",
  ),
  broken(
    "a loader that flushes in the end",
    `mkdir -p ${WALL_UNIT}.d; printf '[Service]\\nExecStartPost=/usr/sbin/iptables -F\\n' >${WALL_UNIT}.d/x.conf; systemctl daemon-reload`,
    "FIREWALL-08 AUDIT-05",
  ),
  broken(
    "a loader that adds to what is there",
    "echo IP6TABLES_RESTORE_NOFLUSH=yes >>/etc/default/netfilter-persistent",
    "FIREWALL-09 AUDIT-05",
  ),
  broken(
    "an upgrade that would keep what runs",
    "echo iptables-persistent iptables-persistent/autosave_v6 boolean true | debconf-set-selections",
    "FIREWALL-10",
  ),
];
