/**
 * The control `ssh`: real clients with every wrong way in, and sshd's own word for the rest.
 *
 * What happens when a change locks the operator out is in rollback.test.ts.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { vantageCommand } from "../../local/machines/vantage";
import {
  base64,
  DEPLOYER,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
  itWithJournal,
} from "./harness";

const server = new TestServer("a0c703");
const it = itWithJournal(server);
/** The server itself stands in for the next one: what counts is where forwarding may go. */
const OPEN = `${server.privateIPv4}:22`;
const APP: Parameters = { DEPLOYER, DEPLOYER_FROM: OPERATOR_FROM, PERMIT_OPEN: OPEN };
const DATABASE: Parameters = { ...APP, PERMIT_OPEN: "" };

const drive = (verb: string, parameters = APP): Report => server.drive(verb, "ssh", parameters);
const everyCheck = Array.from({ length: 12 }, (_, n) => `SSH-${String(n + 1).padStart(2, "0")}`);

beforeAll(async () => {
  await server.boot();
  // Nobody's listed key is weak, and root has one: what keeps root out here is sshd.
  const accounts = server.drive("apply", "accounts", {
    DEPLOYER,
    DEPLOYER_KEYS_B64: base64(server.publicKey(DEPLOYER)),
    DEPLOYER_FROM: "0.0.0.0/0,::/0",
    ADMINS_B64: base64(`ada\t${server.publicKey("ada")}\n`),
  });
  expect(accounts.code).toBe(0);
  server.must("useradd -m -s /bin/bash eve; echo ada:secret eve:secret | tr ' ' '\\n' | chpasswd");
  for (const account of ["root", "eve"]) {
    const key = server.publicKey(account);
    const ssh = account === "root" ? "/root/.ssh" : `/home/${account}/.ssh`;
    server.must(
      `mkdir -p ${ssh}; echo '${key}' >${ssh}/authorized_keys; chown -R ${account} ${ssh}`,
    );
  }
}, 120_000);

afterAll(async () => {
  await server.end();
}, 30_000);

describe("the control ssh", () => {
  it("closes an open sshd, once a new connection has confirmed it, and then has nothing to do", () => {
    expect(server.lets("root")).toBe(true);
    const broken = drive("audit");
    expect(broken.code).toBe(1);
    expect(broken.fails).toEqual(everyCheck);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    // Unconfirmed: in force, but not to be relied on.
    expect(drive("audit").fails).toEqual(["SSH-00"]);
    expect(server.driveBySsh("confirm", "ssh", APP)).toMatchObject({
      code: 0,
      fails: [],
      stderr: "",
    });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(drive("confirm")).toMatchObject({ code: 0, changed: 0, stderr: "" });
  });

  it("lets in the listed with their keys, over both families", () => {
    for (const account of ["ada", DEPLOYER]) {
      expect(server.lets(account)).toBe(true);
      expect(server.lets(account, { address: server.ipv6 })).toBe(true);
    }
    expect(server.lets("ada", { from: "stranger" })).toBe(true);
  });

  it.each<[string, string, Parameters]>([
    ["root, with a good key", "root", {}],
    ["somebody outside ssh-users, with a good key", "eve", {}],
    ["an account that is not there", "nobody-at-all", { key: "ada" }],
    ["ada, with eve's key", "ada", { key: "eve" }],
    ["the deployer from elsewhere, with a good key", DEPLOYER, { from: "stranger" }],
    [
      "the deployer from elsewhere, over IPv6",
      DEPLOYER,
      { from: "stranger", address: server.ipv6 },
    ],
  ])("keeps out %s", (_who, account, how) => {
    server.publicKey(how["key"] ?? account);
    const refused = server.ssh(account, "true", how);
    expect(refused.code).toBe(255);
    expect(refused.stderr).toContain("Permission denied (publickey)");
  });

  it("offers no way to give a password", () => {
    const options = ["PubkeyAuthentication=no", "BatchMode=no", "NumberOfPasswordPrompts=1"];
    const flags = ["-o", "PreferredAuthentications=password,keyboard-interactive"];
    expect(server.ssh("ada", "true", { options, flags }).stderr).toContain("denied (publickey)");
  });

  it.each([
    "KexAlgorithms=diffie-hellman-group14-sha256",
    "KexAlgorithms=ecdh-sha2-nistp256",
    "Ciphers=chacha20-poly1305@openssh.com",
    "MACs=hmac-sha2-256",
    "HostKeyAlgorithms=rsa-sha2-512",
  ])("refuses %s", (option) => {
    // With CTR, as the MAC of a GCM cipher is its own.
    const options = option.startsWith("MACs") ? [option, "Ciphers=aes256-ctr"] : [option];
    options.push("LogLevel=INFO");
    expect(server.ssh("ada", "true", { options }).stderr).toContain("no matching");
  });

  it("is understood by a library that knows classic key exchange only", () => {
    const program = `const { Client } = require("ssh2"); const c = new Client();
      c.on("ready", () => { console.log("ready"); c.end(); }).on("error", (e) => console.log(e.message))
       .connect({ host: "${server.ipv4}", username: "${DEPLOYER}",
                  privateKey: require("fs").readFileSync("${server.keyFile(DEPLOYER)}") });`;
    const [command = "", ...enter] = vantageCommand(server.cloud.cloudId, "operator");
    const words = [...enter, process.execPath, "-e", program];
    const ran = spawnSync(command, words, { cwd: join(__dirname, "../.."), encoding: "utf8" });
    expect(ran.stdout).toBe("ready\n");
  });

  it("forwards people and the deployer to the next server's sshd, and nowhere else", () => {
    for (const account of ["ada", DEPLOYER]) {
      expect(server.ssh(account, "", { flags: ["-W", OPEN] }).stdout).toMatch(/^SSH-2\.0/);
      for (const target of ["127.0.0.1:22", `${server.privateIPv4}:80`, "203.0.113.1:3142"]) {
        expect(server.ssh(account, "", { flags: ["-W", target] }).code).toBe(255);
      }
    }
    const listen = { flags: ["-R", "8080:127.0.0.1:22"], options: ["ExitOnForwardFailure=yes"] };
    expect(server.ssh("ada", "true", listen).code).toBe(255);
  });

  it("lends people's agents to the next hop, and the deployer's to nobody", () => {
    const run = (account: string): string => {
      const agent = `ssh-agent ssh -A -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR`;
      const line = `${agent} -i ${server.keyFile(account)} ${account}@${server.ipv4} 'echo \${SSH_AUTH_SOCK:-none}'`;
      return server.cloud.from("operator", "bash", "-c", line).stdout;
    };
    expect(run("ada")).toContain("/agent.");
    expect(run(DEPLOYER)).toBe("none\n");
  });

  it.each<[string, string, string[]]>([
    [
      "an edited drop-in",
      "sed -i /MaxStartups/d /etc/ssh/sshd_config.d/00-stronghold.conf",
      ["07", "12"],
    ],
    [
      "an edited list for everyone",
      "sed -i /PermitRootLogin/d /etc/ssh/stronghold-everyone.conf",
      ["03", "12"],
    ],
    [
      "an older cipher in an earlier file",
      "echo 'Ciphers aes128-cbc' >/etc/ssh/sshd_config.d/00-a.conf",
      ["01", "05", "12"],
    ],
    [
      "a lost Include line",
      "sed -i 's/^Include/#&/' /etc/ssh/sshd_config",
      [...everyCheck.slice(0, 11).map((id) => id.slice(4)), "12"],
    ],
    ["a file that sshd has not read", "touch /etc/ssh/sshd_config.d/50-cloud-init.conf", ["12"]],
  ])("notices %s and mends it", (_what, tamper, numbers) => {
    server.must(tamper);
    expect(drive("audit").fails).toEqual(numbers.map((number) => `SSH-${number}`));
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
  });

  it.each<[string, string, string, string[]]>([
    [
      "a deprecated keyword",
      "echo 'KeyRegenerationInterval 1h' >/etc/ssh/sshd_config.d/60-x.conf",
      "rm /etc/ssh/sshd_config.d/60-x.conf",
      ["01"],
    ],
    [
      "a second host key",
      "ssh-keygen -q -t rsa -N '' -f /etc/ssh/x; echo HostKey /etc/ssh/x >/etc/ssh/sshd_config.d/60-x.conf",
      "rm /etc/ssh/x* /etc/ssh/sshd_config.d/60-x.conf",
      ["06"],
    ],
    [
      "a second port",
      "echo Port 2222 >/etc/ssh/sshd_config.d/60-x.conf",
      "rm /etc/ssh/sshd_config.d/60-x.conf",
      ["07"],
    ],
    [
      "a list of users that leaves the deployer out",
      "echo AllowUsers ada >/etc/ssh/sshd_config.d/60-x.conf",
      "rm /etc/ssh/sshd_config.d/60-x.conf",
      ["09"],
    ],
    [
      "options on sshd's command line",
      "echo 'SSHD_OPTS=\"-o PasswordAuthentication=yes\"' >/etc/default/ssh; systemctl restart ssh",
      "rm /etc/default/ssh; systemctl restart ssh",
      ["12"],
    ],
  ])("names %s, which is a person's to mend", (_what, tamper, mend, numbers) => {
    server.must(`${tamper} 2>&1`);
    server.drive("apply", "ssh", APP);
    const found = drive("confirm");
    server.must(`${mend} 2>&1`);
    expect(found.fails).toEqual(numbers.map((number) => `SSH-${number}`));
  });

  it("is not loosened by files that sshd reads later, not even for one person", () => {
    server.must(`cat >/etc/ssh/sshd_config.d/50-cloud-init.conf`, "PasswordAuthentication yes\n");
    const match =
      "Match User ada\n  PasswordAuthentication yes\n  AuthenticationMethods any\nMatch User root\n  PermitRootLogin yes\n";
    server.must(`cat >/etc/ssh/sshd_config.d/60-x.conf && systemctl reload ssh`, match);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    expect(server.lets("root")).toBe(false);
    const options = ["PubkeyAuthentication=no"];
    expect(server.ssh("ada", "true", { options }).stderr).toContain("denied (publickey)");
  });

  it("refuses a configuration that sshd itself would not read, and changes nothing", () => {
    server.must("echo Nonsense >/etc/ssh/sshd_config.d/60-x.conf");
    const refused = drive("apply", DATABASE);
    expect(refused).toMatchObject({ code: 1, fails: ["SSH-01"], changed: 0 });
    expect(refused.stderr).toContain("Nonsense");
    server.must("rm /etc/ssh/sshd_config.d/60-x.conf");
    expect(drive("apply")).toMatchObject({ code: 0 });
    expect(drive("confirm")).toMatchObject({ code: 0 });
  });

  it("ends the way at the last server", () => {
    expect(drive("apply", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(drive("confirm", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(server.ssh("ada", "", { flags: ["-W", OPEN] }).code).toBe(255);
    expect(server.ssh("ada", "id -un").stdout).toBe("ada\n");
  });

  it("asks that sshd starts at boot, also where a socket starts it", () => {
    server.must("systemctl -q stop ssh.service; systemctl -q disable ssh.service");
    expect(drive("audit", DATABASE).fails).toEqual(["SSH-12"]);
    server.must("systemctl -q enable --now ssh.socket");
    expect(drive("audit", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
    expect(server.ssh("ada", "", { flags: ["-W", OPEN] }).stdout).toMatch(/^SSH-2\.0/);
  });
});
