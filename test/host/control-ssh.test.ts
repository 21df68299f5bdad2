/**
 * The control `ssh`: real clients with every wrong way in, and sshd's own word for the rest.
 *
 * What happens when a change locks the operator out is in rollback.test.ts.
 */
import { packagesOf } from "../../components/lib/bundle";
import { vantageCommand } from "../../local/machines/vantage";
import { sshAudit } from "../ssh-audit";
import {
  base64,
  BUNDLE,
  DEPLOYER,
  itWithJournal,
  type Login,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { eventually, IMAGE, type Ran } from "./test-machines";
import { grouped } from "./tampers";

const server = new TestServer("a0c703");
const it = itWithJournal(server);
/** The server itself stands in for the next one: what counts is where forwarding may go. */
const OPEN = `${server.privateIPv4}:22`;
const APP: Parameters = { DEPLOYER, DEPLOYER_FROM: OPERATOR_FROM, PERMIT_OPEN: OPEN };
/** People who are not enrolled pass with the key alone here, and are asked nothing. */
const TWO_FACTOR: Parameters = { PEOPLE_B64: base64("ada\n"), UNENROLLED: "keyOnly" };
/** A batch client of OpenSSH leaves out the method that could ask, even if nothing is asked. */
const person = (how: Login = {}): Login => ({
  ...how,
  options: [...(how.options ?? []), "BatchMode=no"],
});
/** OpenSSH 9.6, where a classical exchange stands in for ML-KEM, for whoever knows no NTRU. */
const IS_BEFORE_ML_KEM = IMAGE === "linode/ubuntu24.04";
/** Where PAM can be asked by another name than sshd's, which is one way around two factors. */
const NAMES_PAM = !IS_BEFORE_ML_KEM;
const CLASSICAL = "curve25519-sha256";
const DATABASE: Parameters = { ...APP, PERMIT_OPEN: "" };

const drive = (verb: string, parameters = APP): Report => server.drive(verb, "ssh", parameters);
const everyCheck = Array.from({ length: 13 }, (_, n) => `SSH-${String(n + 1).padStart(2, "0")}`);

const hostKey = (): string => server.must("cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub");

beforeAll(async () => {
  await server.boot();
  const packages = packagesOf(["accounts", "two-factor", "ssh"], BUNDLE).join(" ");
  expect(server.drive("apply", "packages", { PACKAGES: packages }).code).toBe(0);
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
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

/** A client for a shell line. */
const client = (account: string, logLevel = "ERROR"): string =>
  `ssh -F none -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=${logLevel} -i ${server.keyFile(account)}`;
/** Runs a command with an agent that came along and holds the account's key. */
const hop = (account: string, command: string): Ran => {
  const key = server.keyFile(account);
  const line = `ssh-add -q ${key} && ${client(account)} -A ${account}@${server.ipv4} '${command}'`;
  return server.cloud.from("operator", "ssh-agent", "bash", "-c", line);
};

describe("the control ssh", () => {
  it("does not let sshd ask PAM before PAM asks for the second factor", () => {
    const refuses = (reason: string): void => {
      const refused = drive("apply");
      expect(refused).toMatchObject({ code: 1, fails: ["SSH-02"], changed: 0 });
      expect(refused.stderr).toContain(reason);
    };
    refuses("does not ask for the second factor alone; apply the control two-factor");
    expect(server.drive("apply", "two-factor", TWO_FACTOR)).toMatchObject({ code: 0, fails: [] });
    refuses("waits to be confirmed");
    expect(server.drive("confirm", "two-factor", TWO_FACTOR)).toMatchObject({ code: 0, fails: [] });
    expect(server.lets("root")).toBe(true);
    APP["KNOWN_HOSTS_B64"] = base64(`${server.privateIPv4} ${hostKey()}\n`);
  });

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
    for (const how of [{}, { address: server.ipv6 }]) {
      expect(server.lets("ada", person(how))).toBe(true);
      expect(server.lets(DEPLOYER, how)).toBe(true);
    }
    expect(server.lets("ada", person({ from: "stranger" }))).toBe(true);
  });

  it("asks everyone but the deployer for a second thing after the key", () => {
    expect(server.ssh("ada", "true").stderr).toContain("denied (keyboard-interactive)");
    const audit = drive("audit").stdout;
    expect(audit).toContain(
      `the one exception from two factors: ${DEPLOYER}, by key, from ${OPERATOR_FROM}`,
    );
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
    const refused = server.ssh(account, "true", person(how));
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
    ...(IS_BEFORE_ML_KEM ? [] : [`KexAlgorithms=${CLASSICAL}`]),
    "Ciphers=chacha20-poly1305@openssh.com",
    "MACs=hmac-sha2-256",
    "HostKeyAlgorithms=rsa-sha2-512",
  ])("refuses %s", (option) => {
    // With CTR, as the MAC of a GCM cipher is its own.
    const options = option.startsWith("MACs") ? [option, "Ciphers=aes256-ctr"] : [option];
    options.push("LogLevel=INFO");
    expect(server.ssh("ada", "true", { options }).stderr).toContain("no matching");
  });

  it.each([
    ["operator", server.ipv4],
    ["stranger", server.ipv6],
  ] as const)(
    "leaves ssh-audit without a failure and without a warning, from the %s at %s",
    (place, address) => {
      const findings = sshAudit(vantageCommand(server.cloud.cloudId, place), address);
      const known = `kex ${CLASSICAL}: does not provide protection against post-quantum attacks`;
      expect(findings).toMatchObject({ fail: [], warn: IS_BEFORE_ML_KEM ? [known] : [] });
      expect(findings.info.length).toBeGreaterThan(5);
    },
  );

  it("forwards people and the deployer to the next server's sshd, and nowhere else", () => {
    const others = [
      "127.0.0.1:22",
      "[::1]:22",
      "localhost:22",
      `${server.privateIPv4}:80`,
      `${server.ipv4}:22`,
      "203.0.113.1:3142",
    ];
    for (const account of ["ada", DEPLOYER]) {
      const to = (target: string): Ran =>
        server.ssh(account, "", person({ flags: ["-W", target] }));
      expect(to(OPEN).stdout).toMatch(/^SSH-2\.0/);
      for (const target of others) {
        expect(to(target)).toMatchObject({ code: 255, stdout: "" });
      }
    }
  });

  it.each([
    ["a port here", ["-R", "8080:127.0.0.1:22"]],
    ["a port anywhere here", ["-R", "0.0.0.0:8080:127.0.0.1:22"]],
    ["a proxy here", ["-R", "1080"]],
    ["a socket here", ["-R", "/tmp/socket:127.0.0.1:22"]],
    ["a tunnel", ["-w", "any:any"]],
  ])("lends nobody %s", (_what, flags) => {
    for (const account of ["ada", DEPLOYER]) {
      const how = person({ flags, options: ["ExitOnForwardFailure=yes"] });
      expect(server.ssh(account, "true", how).code).not.toBe(0);
    }
  });

  it("reaches no socket of the server's for anybody, and shows nobody's screen", async () => {
    // A request per connection to a local port, as an attacker would use it.
    const line = (account: string): string =>
      `${client(account, "INFO")} -N -L 127.0.0.1:18080:/run/dbus/system_bus_socket ${account}@${server.ipv4} & ` +
      `for i in {1..1000}; do nc -z 127.0.0.1 18080 && break; sleep 0.05; done; ` +
      `printf '\\0AUTH EXTERNAL\\r\\n' | timeout 20 nc 127.0.0.1 18080; kill $!; wait $! 2>&1`;
    for (const account of ["ada", DEPLOYER]) {
      const ran = server.cloud.from("operator", "bash", "-c", line(account));
      expect(ran).toMatchObject({
        stdout: "",
        stderr: expect.stringContaining("open failed") as string,
      });
      expect(server.ssh(account, "echo ${DISPLAY:-none}", person({ flags: ["-X"] })).stdout).toBe(
        "none\n",
      );
    }
    const refused = "journalctl --no-pager | grep -q 'refused streamlocal port forward'";
    expect(await eventually(() => server.root(refused).code === 0)).toBe(true);
  });

  it("lends people's agents to the next hop, and the deployer's to nobody", () => {
    const run = (account: string): string => hop(account, "echo ${SSH_AUTH_SOCK:-none}").stdout;
    expect(run("ada")).toMatch(/\/agent[./]/);
    expect(run(DEPLOYER)).toBe("none\n");
  });

  it("lets people hop on with their agent to the host that is known, and to no other", () => {
    const next = (target: string): Ran => hop("ada", `ssh ${target} id -un`);
    expect(next(server.privateIPv4)).toMatchObject({ code: 0, stdout: "ada\n" });
    const unknown = next(server.ipv4);
    expect(unknown).toMatchObject({ code: 255, stdout: "" });
    expect(unknown.stderr).toContain("Host key verification failed");
    const other = server.publicKey("other").split(" ").slice(0, 2).join(" ");
    const wrong = { ...APP, KNOWN_HOSTS_B64: base64(`${server.privateIPv4} ${other}\n`) };
    expect(drive("audit", wrong).fails).toEqual(["SSH-13"]);
    expect(drive("apply", wrong)).toMatchObject({ code: 0, fails: [], changed: 1 });
    const stood = next(server.privateIPv4);
    expect(stood).toMatchObject({ code: 255, stdout: "" });
    expect(stood.stderr).toContain("Host key verification failed");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1 });
  });

  it.each(
    grouped([
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
        "a door for every account",
        "sed -i /^AllowGroups/d /etc/ssh/stronghold-everyone.conf",
        ["04", "12"],
      ],
      [
        "forwarding to anywhere",
        "sed -i '/^PermitOpen/d' /etc/ssh/stronghold-everyone.conf",
        ["08", "12"],
      ],
      [
        "a deployer from everywhere",
        "sed -i '/^  DenyUsers/d' /etc/ssh/sshd_config.d/00-stronghold.conf",
        ["10", "12"],
      ],
      [
        "keys from a second place",
        "sed -i 's|^AuthorizedKeysFile.*|& /etc/ssh/keys|' /etc/ssh/stronghold-everyone.conf",
        ["11", "12"],
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
      ["a lost line about the client", "sed -i 's/^Include/#&/' /etc/ssh/ssh_config", ["13"]],
      [
        "a client that believes anyone",
        "echo 'StrictHostKeyChecking no' >/etc/ssh/ssh_config.d/00-stronghold.conf",
        ["13"],
      ],
      [
        "a next server that someone added",
        "echo \"10.0.0.1 $(cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub)\" >>/etc/ssh/ssh_known_hosts",
        ["13"],
      ],
      [
        "a second exception",
        "sed -i 's/^Match User deployer Address 203/Match User ada\\n  AuthenticationMethods publickey\\n&/' /etc/ssh/sshd_config.d/00-stronghold.conf",
        ["02", "12"],
      ],
      ...(NAMES_PAM
        ? [
            [
              "PAM by another name",
              "sed -i 's/^PAMServiceName .*/PAMServiceName login/' /etc/ssh/stronghold-everyone.conf",
              ["02", "12"],
            ] as [string, string, string[]],
          ]
        : []),
      [
        "an exception that asks the deployer",
        "sed -i '/^  AuthenticationMethods/d' /etc/ssh/sshd_config.d/00-stronghold.conf",
        ["09", "12"],
      ],
      ["a file that sshd has not read", "touch /etc/ssh/sshd_config.d/50-cloud-init.conf", ["12"]],
    ]),
  )("notices and mends: %s", (_what, { rows, numbers }) => {
    for (const [, tamper] of rows) server.must(tamper);
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
      "PAM that asks for something else",
      "cp -a /etc/pam.d/sshd /root/sshd.pam; sed -i '/^auth/d; 1i@include common-auth' /etc/pam.d/sshd",
      "mv /root/sshd.pam /etc/pam.d/sshd",
      ["02"],
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
    const match = `Match User ada\n  PasswordAuthentication yes\n  AuthenticationMethods publickey\n${NAMES_PAM ? "  PAMServiceName login\n" : ""}Match User root\n  PermitRootLogin yes\n`;
    server.must(`cat >/etc/ssh/sshd_config.d/60-x.conf`, match);
    server.reloadSshd();
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

  it.each([
    ["a key of another kind", `${server.privateIPv4} ssh-rsa AAAA`],
    ["a key that is none", `${server.privateIPv4} ssh-ed25519 AAAA`],
    ["a marker", `@cert-authority * ssh-ed25519 AAAA`],
    ["every host", `* ssh-ed25519 AAAA`],
  ])("refuses %s of a next server, and changes nothing", (_what, line) => {
    const refused = drive("apply", { ...APP, KNOWN_HOSTS_B64: base64(`${line}\n`) });
    expect(refused).toMatchObject({ code: 1, fails: ["SSH-13"], changed: 0 });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("ends the way at the last server", () => {
    expect(drive("apply", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(drive("confirm", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(server.ssh("ada", "", person({ flags: ["-W", OPEN] })).code).toBe(255);
    expect(hop("ada", "id -un; echo ${SSH_AUTH_SOCK:-none}").stdout).toBe("ada\nnone\n");
  });

  it("asks that sshd starts at boot, also where a socket starts it", () => {
    server.must("systemctl -q disable --now ssh.socket ssh.service 2>&1");
    expect(drive("audit", DATABASE).fails).toEqual(["SSH-12"]);
    server.must("systemctl -q enable --now ssh.socket");
    expect(drive("audit", DATABASE)).toMatchObject({ code: 0, fails: [] });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("confirm")).toMatchObject({ code: 0, fails: [] });
    expect(server.ssh("ada", "", person({ flags: ["-W", OPEN] })).stdout).toMatch(/^SSH-2\.0/);
  });
});
