/** The database, its client, the backups and where they are kept. */
import { broken } from "./mutation";

const APP = "application@'192.168.129.10'";
const DEPLOY = "deployment@'192.168.129.10'";
const MINE = "/etc/mysql/mysql.conf.d";
/** The configuration is right again; the server that runs does not obey it. */
const restartedWith = (line: string): string =>
  `printf '[mysqld]\\n${line}\\n' >${MINE}/zzzz.cnf; systemctl restart mysql; rm ${MINE}/zzzz.cnf`;
const says = (statement: string): string =>
  `sql ${JSON.stringify(statement.replaceAll("`", "\\`"))}`;
const SPOOL = "/var/backups/stronghold";
const CONFIG = "/etc/stronghold/backups";
const NEWEST = `newest=$(ls ${SPOOL}/full-*.manifest | tail -n 1); newest=\${newest%.manifest}`;
const VAULT_DIR = "/srv/stronghold-vault";
const TAKES_IN = "/usr/local/lib/stronghold-vault";
const UNITS = "/etc/systemd/system";

export const DATABASE = [
  broken(
    "another certificate",
    "cd /etc/mysql/stronghold; cp -a server.pem kept; openssl req -x509 -newkey ed25519 -nodes -subj /CN=x " +
      "-keyout other.key -out other.pem 2>/dev/null; cat other.pem other.key >server.pem; " +
      "sql 'ALTER INSTANCE RELOAD TLS'; mv kept server.pem; rm other.*",
    "DATABASE-06",
  ),
  broken(
    "a source of packages for everything",
    "echo 'Package: *\nPin: release *\nPin-Priority: 990' >/etc/apt/preferences.d/stronghold-database; echo >>/etc/apt/sources.list.d/stronghold-database.sources",
    "PACKAGES-03 AUDIT-05",
  ),
  broken(
    "a database that everybody reaches",
    restartedWith("bind_address = 0.0.0.0"),
    "DATABASE-01 05 AUDIT-08",
  ),
  broken(
    "a database that IPv6 reaches as well",
    restartedWith("bind_address = ::"),
    "DATABASE-01 05 AUDIT-08",
  ),
  broken("the X protocol", restartedWith("mysqlx = ON"), "DATABASE-01 AUDIT-08"),
  broken(
    "a port for administrators",
    restartedWith("admin_address = 127.0.0.1"),
    "DATABASE-01 05 AUDIT-08",
  ),
  broken(
    "a database that does not start at boot",
    "quietly systemctl disable mysql",
    "DATABASE-02 AUDIT-05 09",
  ),
  broken(
    "a database that does not wait for the network",
    `rm ${UNITS}/mysql.service.d/zz-stronghold.conf; systemctl daemon-reload`,
    "DATABASE-02 04 AUDIT-05",
  ),
  broken("data that everybody may enter", "chmod 755 /var/lib/mysql", "DATABASE-03"),
  broken("data that everybody may write", "chmod o+w /var/lib/mysql/ibdata1", "DATABASE-03"),
  broken(
    "an account of the database with a shell",
    "usermod -s /bin/bash mysql",
    "DATABASE-03 AUDIT-07",
  ),
  broken(
    "company for the database's account",
    "usermod -aG mysql deployer",
    "DATABASE-03 AUDIT-07",
  ),
  broken(
    "another configuration",
    `sed -i /local_infile/d ${MINE}/zz-stronghold.cnf`,
    "DATABASE-04 AUDIT-05",
  ),
  broken(
    "a key that others may read",
    "chmod 644 /etc/mysql/stronghold/server.pem",
    "DATABASE-04 AUDIT-05",
  ),
  broken("logs that are not rotated", "rm /etc/logrotate.d/mysql-server", "DATABASE-04 AUDIT-05"),
  broken("files of clients", says("SET GLOBAL local_infile = ON"), "DATABASE-05"),
  broken(
    "connections in plain text",
    says("SET GLOBAL require_secure_transport = OFF"),
    "DATABASE-05",
  ),
  broken("loose SQL", says("SET GLOBAL sql_mode = ''"), "DATABASE-05"),
  broken("no log of slow statements", says("SET GLOBAL slow_query_log = OFF"), "DATABASE-05"),
  broken("commits that are not on the disk", says("SET GLOBAL sync_binlog = 0"), "DATABASE-05"),
  broken("files of the server", restartedWith("secure_file_priv ="), "DATABASE-05"),
  broken("old encryption", restartedWith("tls_version = TLSv1.2"), "DATABASE-05"),
  broken("settings that outlast the file", says("SET PERSIST local_infile = ON"), "DATABASE-05"),
  broken(
    "somebody else",
    says("CREATE USER stray@'%' IDENTIFIED BY 'Op3n-sesame!'"),
    "DATABASE-07",
  ),
  broken("nobody in particular", says("CREATE USER ''@localhost IDENTIFIED BY ''"), "DATABASE-07"),
  broken(
    "root from elsewhere",
    says("CREATE USER root@'%' IDENTIFIED BY 'Op3n-sesame!'"),
    "DATABASE-07",
  ),
  broken(
    "another user of the system as root",
    says("ALTER USER root@localhost IDENTIFIED WITH auth_socket AS 'deployer'"),
    "DATABASE-07",
  ),
  broken(
    "rights for everybody on a schema",
    says(
      "INSERT INTO mysql.db (host, db, user, select_priv) VALUES ('%', 'app', '', 'Y'); FLUSH PRIVILEGES",
    ),
    "DATABASE-07",
  ),
  broken("an application that may drop", says(`GRANT DROP ON app.* TO ${APP}`), "DATABASE-08"),
  broken(
    "an application that sees other schemas",
    says(`GRANT SELECT ON *.* TO ${APP}`),
    "DATABASE-08",
  ),
  broken("an application that reads files", says(`GRANT FILE ON *.* TO ${APP}`), "DATABASE-08"),
  broken(
    "an application that grants",
    says(`GRANT SELECT ON app.* TO ${APP} WITH GRANT OPTION`),
    "DATABASE-08",
  ),
  broken(
    "an application that may not write",
    says(`REVOKE INSERT ON app.* FROM ${APP}`),
    "DATABASE-08",
  ),
  broken(
    "an application without encryption",
    says(`ALTER USER ${APP} REQUIRE NONE`),
    "DATABASE-08",
  ),
  broken("an application that is shut out", says(`ALTER USER ${APP} ACCOUNT LOCK`), "DATABASE-08"),
  broken(
    "deployments that make accounts",
    says(`GRANT CREATE USER ON *.* TO ${DEPLOY}`),
    "DATABASE-09",
  ),
  broken("deployments that shut down", says(`GRANT SHUTDOWN ON *.* TO ${DEPLOY}`), "DATABASE-09"),
  broken("another password", says(`ALTER USER ${APP} IDENTIFIED BY 'Op3n-sesame!'`), "DATABASE-10"),
  broken("a schema for tests", says("CREATE DATABASE test"), "DATABASE-11"),
  broken("a lost log", "rm /var/log/mysql/slow.log", "DATABASE-12"),
];

export const DATABASE_CLIENT = [
  broken(
    "an application that does not get to its database",
    "iptables -A OUTPUT -p tcp --dport 3306 -j REJECT",
    "FIREWALL-01 DATABASE-CLIENT-02",
  ),
  broken(
    "another password that the application is told",
    'sed -i \'s/"password": *"/&x/\' /etc/stronghold/database/application.json',
    "DATABASE-CLIENT-01 AUDIT-05",
  ),
  broken(
    "what the application is told, for everyone",
    "chmod 644 /etc/stronghold/database/application.json",
    "DATABASE-CLIENT-01 AUDIT-05",
  ),
  broken(
    "another authority",
    "echo >>/etc/stronghold/database/ca.pem",
    "DATABASE-CLIENT-01 AUDIT-05",
  ),
];

/** What the timer's next run would undo: it is a few minutes away after one. */
const LOGS_HAVE_RUN = "systemctl start stronghold-backup-logs.service";

export const BACKUPS = [
  broken(
    "a backup that was not shipped",
    `${LOGS_HAVE_RUN}; ${NEWEST}; touch $newest.*; rm ${SPOOL}/state/shipped/\${newest##*/}`,
    "BACKUPS-05",
  ),
  broken(
    "logs that stay away",
    `${LOGS_HAVE_RUN}; touch -d '2 hours ago' ${SPOOL}/state/logs`,
    "BACKUPS-07 09",
  ),
  broken(
    "a backup that failed",
    `echo 'wrong of a reason' >${SPOOL}/state/alert-backup-failed`,
    "BACKUPS-09",
  ),
  broken(
    "more backups than are kept",
    `${LOGS_HAVE_RUN}; ${NEWEST}; cd ${SPOOL}; for n in 0 1 2 3 4 5 6 7; do old=full-20200101T000000Z-0000000$n; ` +
      "cp -p $newest.age $old.age; cp -p $newest.manifest $old.manifest; touch state/shipped/$old; done",
    "BACKUPS-08",
  ),
  broken(
    "another program for backups",
    "echo : >>/usr/local/sbin/stronghold-backup",
    "BACKUPS-01 AUDIT-05",
  ),
  broken("a key that others can read", `chmod 644 ${CONFIG}/push-key`, "BACKUPS-02 AUDIT-05"),
  broken(
    "another number to keep",
    `sed -i s/keep=.*/keep=9/ ${CONFIG}/settings`,
    "BACKUPS-02 AUDIT-05",
  ),
  broken(
    "a recipient more",
    `tail -n 1 ${CONFIG}/recipients >>${CONFIG}/recipients`,
    "BACKUPS-02 04 AUDIT-05",
  ),
  broken("no nightly backup", "systemctl stop stronghold-backup.timer", "BACKUPS-03 AUDIT-09"),
  broken(
    "no logs in between",
    "systemctl stop stronghold-backup-logs.timer",
    "BACKUPS-03 AUDIT-09",
  ),
  broken(
    "no nightly backup after a boot",
    "quietly systemctl disable stronghold-backup.timer",
    "BACKUPS-03 AUDIT-05 09",
  ),
  broken(
    "a backup with one byte changed",
    `${NEWEST}; keep $newest.age; printf x | dd of=$newest.age bs=1 seek=300 conv=notrunc status=none`,
    "BACKUPS-04",
    "back",
  ),
  broken(
    "a backup that is cut",
    `${NEWEST}; keep $newest.age; truncate -s -1 $newest.age`,
    "BACKUPS-04",
    "back",
  ),
  broken(
    "a manifest that somebody has rewritten",
    `${NEWEST}; keep $newest.manifest; sed -i 's/"rows"/"rowz"/; s/20/21/' $newest.manifest`,
    "BACKUPS-04",
    "back",
  ),
  broken(
    "a dump in plain text",
    `install -m 600 /dev/null ${SPOOL}/dump.sql`,
    "BACKUPS-06",
    `rm ${SPOOL}/dump.sql`,
  ),
  broken(
    "a private key of age",
    "printf 'AGE-SECRET-KEY-1%058d\\n' 0 >/root/key",
    "BACKUPS-06 AUDIT-05",
    "rm /root/key",
  ),
];

export const VAULT = [
  broken(
    "backups that stay away",
    `touch -d '40 hours ago' ${VAULT_DIR}/files/full-*`,
    "VAULT-09",
    `touch ${VAULT_DIR}/files/full-*`,
  ),
  broken(
    "somebody else who may push",
    "sed -i '/^  ForceCommand/d' /etc/ssh/sshd_config.d/00-stronghold.conf",
    "SSH-12 14 VAULT-02 AUDIT-05",
  ),
  broken("an owner with a shell", "usermod -s /bin/bash stronghold-vault", "VAULT-01 AUDIT-07"),
  broken(
    "somebody in the owner's group",
    "quietly gpasswd -a deployer stronghold-vault",
    "VAULT-01 AUDIT-07",
  ),
  broken("another receiver", `echo exit >>${TAKES_IN}/receive`, "VAULT-03 AUDIT-05"),
  broken(
    "another quota",
    "sed -i s/quota-mb=.*/quota-mb=9999/ /etc/stronghold/vault",
    "VAULT-03 AUDIT-05",
  ),
  broken(
    "a receiver that is root",
    `sed -i s/^User=.*/User=root/ ${UNITS}/stronghold-vault@.service; systemctl daemon-reload`,
    "VAULT-03 AUDIT-05",
  ),
  broken("a socket for everyone", "chmod 666 /run/stronghold-vault/socket", "VAULT-04"),
  broken("a stopped socket", "systemctl stop stronghold-vault.socket", "VAULT-04 AUDIT-09"),
  broken(
    "a folder that the owner can write to",
    `chown stronghold-vault ${VAULT_DIR}/files`,
    "VAULT-05",
  ),
  broken("a vault that everyone can enter", `chmod 755 ${VAULT_DIR}`, "VAULT-05"),
  broken(
    "a kept file that the owner could change",
    `chown stronghold-vault ${VAULT_DIR}/files/full-*.age`,
    "VAULT-06",
  ),
  broken("a kept file that others can read", `chmod 444 ${VAULT_DIR}/files/full-*.age`, "VAULT-06"),
  broken(
    "nobody to retire old files",
    "systemctl stop stronghold-vault-retire.timer",
    "VAULT-08 AUDIT-09",
  ),
  broken(
    "nobody to look for lateness",
    "quietly systemctl disable stronghold-vault-check.timer",
    "VAULT-08 AUDIT-05 09",
  ),
  broken(
    "a receiver's key that may do anything",
    "sed -i 's/^restrict[^ ]* //' $(getent passwd stronghold-push | cut -d : -f 6)/.ssh/authorized_keys",
    "ACCOUNTS-14 VAULT-02",
  ),
];
