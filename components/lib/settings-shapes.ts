/** What each part of the settings is made of, by its path with the indexes left out. */
export const SHAPES: Readonly<Record<string, string>> = {
  region: "the id of a Linode data centre; write for example us-east",
  app: "an object with type and image; write for example {type: g6-nanode-1}",
  "app.type": "the id of a Linode plan; write for example g6-nanode-1",
  "app.image": "the id of an image; write linode/debian13",
  database: "an object with type and image; write for example {type: g6-standard-1}",
  "database.type": "the id of a Linode plan; write for example g6-standard-1",
  "database.image": "the id of an image; write linode/debian13",
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
  deployerPrivateKey:
    "the text of a private key; set it with `pulumi config set --secret`, or leave it out to use the SSH agent",
};
