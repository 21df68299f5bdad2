/** The application's server: how it is confined, what it is told, what it shows. */
import { broken } from "./mutation";

const UNITS = "/etc/systemd/system";
const ROOT = "/usr/local/application";
const MEMORY = "/var/lib/stronghold/applied/application";
const again = "systemctl daemon-reload; systemctl restart application";
/** A certificate of the key that is there, for so many days; `chain` holds it. */
const certificateFor = (days: number): string =>
  `chain=$(openssl req -x509 -key ${ROOT}/ssl/key.pem -subj /CN=x -days ${String(days)})`;
/** Until that certificate is what is shown: a service has started before its process has read its files. */
const SERVES_X =
  "until openssl s_client -connect 127.0.0.1:3003 </dev/null 2>/dev/null | grep -q '^subject=CN *= *x$'; do sleep 0.1; done";

export const APPLICATION = [
  broken(
    "an application with a shell",
    "usermod -s /bin/bash application",
    "APPLICATION-01 AUDIT-07",
  ),
  broken(
    "a looser sandbox",
    `edit /^ProtectSystem/d ${UNITS}/application.service; ${again}`,
    "APPLICATION-02 AUDIT-05",
  ),
  broken(
    "an application that has no sandbox",
    `mkdir -p ${UNITS}/application.service.d; printf '[Service]\\nNoNewPrivileges=no\\nSystemCallFilter=\\n' >${UNITS}/application.service.d/x.conf; ${again}`,
    "APPLICATION-02 03 AUDIT-05",
  ),
  broken(
    "an application that nobody watches",
    "quietly systemctl disable --now application-watch.timer",
    "APPLICATION-03 AUDIT-05 09",
  ),
  broken(
    "somebody else where HTTP arrives",
    "systemctl stop application-redirect.socket application-redirect.service; " +
      "systemd-run --quiet --collect --unit=thief node -e 'require(\"net\").createServer().listen(3000)'; " +
      "until ss -Hltn | grep -q :3000; do sleep 0.1; done",
    "APPLICATION-03 06 AUDIT-08 09",
    "systemctl stop thief; systemctl start application-redirect.socket",
  ),
  broken(
    "a configuration that others may read",
    `keep ${ROOT}/config/production.json; chmod 444 ${ROOT}/config/production.json`,
    "APPLICATION-04 AUDIT-05",
  ),
  broken(
    "an application that is led to another database",
    `edit s/3306/3307/ ${ROOT}/config/production.json`,
    "APPLICATION-04 AUDIT-05",
  ),
  broken(
    "a key that others may read",
    `keep ${ROOT}/ssl/key.pem; chmod 404 ${ROOT}/ssl/key.pem`,
    "APPLICATION-05 AUDIT-05",
  ),
  broken(
    "another certificate than the stack's",
    `keep ${ROOT}/ssl/certificate.pem; ${certificateFor(90)}; printf '%s\\n' "$chain" >/run/x.pem; ` +
      `mount --bind /run/x.pem ${ROOT}/ssl/certificate.pem; chmod 444 /run/x.pem; ${again}; ${SERVES_X}; umount ${ROOT}/ssl/certificate.pem`,
    "APPLICATION-06",
    `rm /run/x.pem; back; ${again}`,
  ),
  broken(
    "a certificate that nobody has renewed",
    `keep ${MEMORY} ${ROOT}/ssl/certificate.pem; ${certificateFor(10)}; ` +
      `printf '%s\\n' "$chain" >${ROOT}/ssl/certificate.pem; sed -i "s|^CERTIFICATE_B64=.*|CERTIFICATE_B64=$(base64 -w 0 <<<"$chain")|" ${MEMORY}; ${again}`,
    "APPLICATION-07 AUDIT-05",
    `back; ${again}`,
  ),
  broken(
    "a link to a release of somebody else's",
    `ln -sfn /tmp ${ROOT}/current`,
    "APPLICATION-08",
  ),
];
