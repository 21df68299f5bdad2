/** What each part of the settings is made of, by its path with the indexes left out. */
export const SHAPES: Readonly<Record<string, string>> = {
  region: "the id of a Linode data centre; write for example us-east",
  app: "an object with type, image and linodeBackups; write for example {type: g6-nanode-1}",
  "app.type": "the id of a Linode plan; write for example g6-nanode-1",
  "app.image": "the id of an image; write for example linode/debian13",
  "app.linodeBackups": "true or false; leave it out for false",
  application:
    "an object with memoryMB, tasks and certificate; write for example {memoryMB: 1024}, or leave it out",
  "application.memoryMB": "how many MB of memory the application may use; leave it out for 512",
  "application.tasks": "how many threads the application may have; leave it out for 64",
  "application.certificate":
    "an object with kind and issue, with kind, chain and privateKey, or with kind, email, acceptTerms and names; write for " +
    "example {kind: own, chain: ..., privateKey: ...}, or leave it out for the stack's own authority",
  "application.certificate.kind": "authority, own or acme; leave it out for authority",
  "application.certificate.issue":
    "the number of the stack's own authority; raise it by 1 for a new one",
  "application.certificate.chain":
    "certificates in PEM, the server's own first; set what the file holds with `pulumi config set --path " +
    "application.certificate.chain < file`",
  "application.certificate.privateKey":
    "the private key in PEM; set it with `pulumi config set --secret --path application.certificate.privateKey < file`",
  "application.certificate.directory":
    "the https address of an ACME server's directory; leave it out for Let's Encrypt",
  "application.certificate.email":
    "a mail address to which the ACME server may write; write for example hostmaster@example.org",
  "application.certificate.acceptTerms":
    "true, by which you accept the terms of service of the authority behind the ACME server (Let's Encrypt's are at " +
    "https://letsencrypt.org/repository); read them, then write acceptTerms: true",
  "application.certificate.names":
    "the list of at least one DNS name that leads to the app server, beside the one that the setting dns makes; write for " +
    "example [www.example.org]",
  "application.certificate.names[]":
    "a DNS name that leads to the app server; write for example www.example.org",
  "application.certificate.caCertificate":
    "the certificate of the authority that vouches for your own ACME server's HTTPS, in PEM; leave it out for those that " +
    "Debian trusts",
  database:
    "an object with type, image, linodeBackups, engine, source, schema, passwords, certificates and auditLog; write for example " +
    "{type: g6-standard-1}",
  "database.type": "the id of a Linode plan; write for example g6-standard-1",
  "database.image": "the id of an image; write for example linode/debian13",
  "database.linodeBackups": "true or false; leave it out for false",
  "database.engine": "mysql or mariadb; leave it out for mysql",
  "database.source":
    "an object with kind, suite and expired; write for example {kind: vendor}, or leave it out",
  "database.source.kind":
    "vendor, suite or archive; leave it out for vendor with mysql and archive with mariadb",
  "database.source.suite":
    "the code name of the release of Debian that the packages come from; write for example sid",
  "database.source.expired": "refuse or accept; leave it out for refuse",
  "database.schema": "the name of the application's schema; leave it out for app",
  "database.passwords":
    "an object with issue and previous; write for example {issue: 2, previous: keep}",
  "database.passwords.issue":
    "the number of the passwords of the application and deployments; raise it by 1 for new ones",
  "database.passwords.previous": "keep or retire; leave it out for keep",
  "database.certificates": "an object with issue; write for example {issue: 2}",
  "database.certificates.issue":
    "the number of the authority and the certificate; raise it by 1 for new ones",
  "database.auditLog": "true or false; leave it out for false",
  backup:
    "an object with recipients and, if you like, time, keep, sizeChangePercent, logMinutes, server and vault; write " +
    "for example {recipients: [age1...]} with the public key that `npm run backup -- keygen` prints",
  "backup.recipients":
    "the list of at least one public key of age, to which all backups are encrypted; make the key pair with " +
    "`npm run backup -- keygen`",
  "backup.recipients[]":
    "a public key of age; write the line that begins with age1, which `npm run backup -- keygen` prints",
  "backup.time": 'the time of the nightly backup in quotes; write for example "00:01"',
  "backup.keep": "how many backups the database server keeps; leave it out for 7",
  "backup.sizeChangePercent":
    "by how many per cent a backup may differ in size from the one before; leave it out for 50",
  "backup.logMinutes": "how many minutes of changes may be lost at most; leave it out for 5",
  "backup.server":
    "an object with region, type, image and linodeBackups, or with host and hostKey; write for example {region: us-west}",
  "backup.server.region": "the id of a Linode data centre; write for example us-west",
  "backup.server.type": "the id of a Linode plan; write for example g6-nanode-1",
  "backup.server.image": "the id of an image; write for example linode/debian13",
  "backup.server.linodeBackups": "true or false; leave it out for false",
  "backup.server.host": "the IPv4 address of a server; write for example 203.0.113.20",
  "backup.server.hostKey":
    "the public Ed25519 key of that server; give the line of /etc/ssh/ssh_host_ed25519_key.pub on it",
  "backup.vault":
    "an object with quotaGB and keepDays; write for example {quotaGB: 15, keepDays: 35}",
  "backup.vault.quotaGB": "how many GB of backups the backup server takes; leave it out for 15",
  "backup.vault.keepDays": "how many days the backup server keeps a backup; leave it out for 35",
  ssh: 'an object with allowFrom; write for example {allowFrom: ["203.0.113.10/32"]}',
  "ssh.allowFrom":
    'the list of at least one network from which SSH is allowed; write for example ["203.0.113.10/32"]',
  "ssh.allowFrom[]": 'a network in CIDR form; write for example "203.0.113.10/32"',
  admins:
    "the list of at least one person, each with name and keys; write for example [{name: ada, keys: [...]}]",
  "admins[]": "an object with name and keys; write for example {name: ada, keys: [...]}",
  "admins[].name": "the user name of a person; write for example ada",
  "admins[].keys":
    "the list of at least one public key; paste the lines of the person's .pub files",
  "admins[].keys[]": "a public key; paste the line of a .pub file",
  "admins[].enrolment":
    "the number of the person's enrolment in two-factor login; raise it by 1 after a lost phone, 0 means not enrolled",
  "admins[].passwordHash":
    "the crypt(3) hash of the person's password; set what `mkpasswd` prints with `pulumi config set --secret --path`",
  "admins[].passwordIssue":
    "the number of the person's initial password; raise it by 1 after a forgotten one",
  deployer: "an object with keys and name; write for example {keys: [...]}",
  "deployer.name": "a user name; leave it out for deployer",
  "deployer.keys":
    "the list of at least one public key; paste the line of the .pub file whose private half the SSH agent holds",
  "deployer.keys[]": "a public key; paste the line of a .pub file",
  passwords: "an object with changeAtFirstUse; write for example {changeAtFirstUse: true}",
  "passwords.changeAtFirstUse": "true or false; leave it out for true",
  twoFactor: "an object with unenrolled; write for example {unenrolled: refuse}",
  "twoFactor.unenrolled": "refuse or keyOnly; leave it out for refuse",
  clock: "an object with servers; write for example {servers: [2.debian.pool.ntp.org]}",
  "clock.servers":
    "the list of at least one time server; leave it out for Debian's pool of servers",
  "clock.servers[]": "the name or address of a time server; write for example ntp.example.org",
  network:
    "an object with private and subnet; write for example {private: vpc, subnet: 10.0.0.0/24}, or leave it out",
  "network.private": "shared or vpc; leave it out for shared",
  "network.subnet": "a private IPv4 network in CIDR form; write for example 10.0.0.0/24",
  outbound: "an object with policy and allow; write for example {policy: drop, allow: []}",
  "outbound.policy": "allow or drop; leave it out for allow",
  "outbound.allow":
    "the list of what else may be reached, each with to, protocol and ports; leave it out for nothing",
  "outbound.allow[]":
    "an object with to, protocol and ports; write for example {to: [198.51.100.0/24], protocol: tcp, ports: [6379]}",
  "outbound.allow[].to":
    'the list of at least one network that may be reached; write for example ["198.51.100.0/24"]',
  "outbound.allow[].to[]": 'a network in CIDR form; write for example "198.51.100.0/24"',
  "outbound.allow[].protocol": "tcp or udp; leave it out for tcp",
  "outbound.allow[].ports": "the list of at least one port; write for example [6379]",
  "outbound.allow[].ports[]": "a port; write for example 6379",
  alerts:
    "an object with mail, slack or pushover, or with logOnly; write for example {slack: {webhook: ...}}, or " +
    "{logOnly: true} if nobody is to be told of logins",
  "alerts.mail":
    "an object with relay, tls, user, password, from and to; write for example {relay: smtp.example.org:587, ...}",
  "alerts.mail.relay":
    "the name and port of an SMTP server; write for example smtp.example.org:587",
  "alerts.mail.tls": "starttls or implicit; leave it out for starttls",
  "alerts.mail.user": "the user name for the SMTP server; write for example alerts@example.org",
  "alerts.mail.password":
    "the password for the SMTP server; set it with `pulumi config set --secret --path alerts.mail.password`",
  "alerts.mail.from": "a mail address; write for example stronghold@example.org",
  "alerts.mail.to": "the list of at least one mail address; write for example [ada@example.org]",
  "alerts.mail.to[]": "a mail address; write for example ada@example.org",
  "alerts.slack": "an object with webhook; write for example {webhook: ...}",
  "alerts.slack.webhook":
    "the address of an incoming webhook; set it with `pulumi config set --secret --path alerts.slack.webhook`",
  "alerts.pushover":
    "an object with token, user and url; write for example {token: ..., user: ...}",
  "alerts.pushover.token":
    "the token of a Pushover application; set it with `pulumi config set --secret --path alerts.pushover.token`",
  "alerts.pushover.user":
    "the key of a Pushover user or group; set it with `pulumi config set --secret --path alerts.pushover.user`",
  "alerts.pushover.url": "an https address; leave it out for Pushover's own",
  "alerts.caCertificate":
    "the certificate of your own authority, in PEM; leave it out for those that Debian trusts",
  "alerts.whiteList": "the list of addresses whose logins nobody is told of; leave it out for none",
  "alerts.whiteList[]":
    'an address, or the beginning of one and an asterisk; write for example "203.0.113.*"',
  "alerts.logOnly": "true or false; leave it out for false",
  dns:
    "an object with zone, id or email, and, if you like, app, backup and reverse; write for example {zone: example.org, " +
    "id: 1234567}",
  "dns.zone": "a domain of yours, whose name servers are Linode's; write for example example.org",
  "dns.id": "the number of a zone that is in the account; `linode-cli domains list` shows it",
  "dns.email":
    "a mail address, for a zone that the stack makes; write for example hostmaster@example.org",
  "dns.app": "the app server's name before the zone; leave it out for app",
  "dns.backup": "the backup server's name before the zone; leave it out for backup",
  "dns.reverse": "true or false; leave it out for true",
  tags: "the list of tags of all that the stack makes; write for example [team:payments]",
  "tags[]": "a tag; write for example team:payments",
  replacing:
    "nothing, app or database; leave it out, `npm run replace` sets it for as long as it takes",
  deployerPrivateKey:
    "the text of a private key; set it with `pulumi config set --secret`, or leave it out to use the SSH agent",
};
