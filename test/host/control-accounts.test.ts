/**
 * The control `accounts`: who gets in, with which key, and who does not any more.
 *
 * sshd is as the image has it, so that what keeps someone out here is the account alone.
 */
import {
  base64,
  DEPLOYER,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
  itWithJournal,
} from "./harness";
import { eventually, IMAGE } from "./test-machines";
import { grouped } from "./tampers";

const server = new TestServer("a0c702");
const it = itWithJournal(server);

function parameters(people: Record<string, string>, more: Parameters = {}): Parameters {
  const lines = Object.entries(people).map(([name, key]) => `${name}\t${key}\n`);
  return {
    DEPLOYER,
    DEPLOYER_KEYS_B64: base64(`${server.publicKey(DEPLOYER)}\n`),
    DEPLOYER_FROM: OPERATOR_FROM,
    ADMINS_B64: base64(lines.join("")),
    ...more,
  };
}

const both = (): Record<string, string> => ({
  ada: server.publicKey("ada"),
  bob: server.publicKey("bob"),
});
const drive = (verb: string, people = both(), more: Parameters = {}): Report =>
  server.drive(verb, "accounts", parameters(people, more));

/** An outsider; whether a row comes first or not is nothing that the rows know. */
const EVE = "id -u eve >/dev/null 2>&1 || useradd -m eve";

/** Everything about accounts that a refused run must leave alone. */
const state = (): string =>
  server.must("cat /etc/passwd /etc/shadow /etc/group /etc/sudoers.d/* /home/*/.ssh/* | sha256sum");

beforeAll(async () => {
  await server.boot();
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control accounts", () => {
  it.each<[string, () => Report, string]>([
    ["no deployer key", () => drive("apply", both(), { DEPLOYER_KEYS_B64: "" }), "ACCOUNTS-02"],
    [
      "a deployer key that is none",
      () => drive("apply", both(), { DEPLOYER_KEYS_B64: base64("ssh-ed25519 AAAAC3Nz x\n") }),
      "ACCOUNTS-02",
    ],
    [
      "a deployer key with options of its own",
      () =>
        drive("apply", both(), {
          DEPLOYER_KEYS_B64: base64(`command="id" ${server.publicKey(DEPLOYER)}`),
        }),
      "ACCOUNTS-02",
    ],
    ["an admin without a key", () => drive("apply", { ada: "" }), "ACCOUNTS-01"],
    ["no admin at all", () => drive("apply", {}), "ACCOUNTS-01"],
    ["root as an admin", () => drive("apply", { root: server.publicKey("ada") }), "ACCOUNTS-01"],
    ["a system account", () => drive("apply", { daemon: server.publicKey("ada") }), "ACCOUNTS-01"],
    ["a system group", () => drive("apply", { docker: server.publicKey("ada") }), "ACCOUNTS-01"],
    [
      "a short key",
      () => drive("apply", { ada: server.publicKey("s", "rsa", "2048") }),
      "ACCOUNTS-01",
    ],
  ])("refuses %s before it changes anything", (_what, apply, id) => {
    server.root("getent group docker || groupadd --system docker");
    const before = state();
    const refused = apply();
    expect(refused).toMatchObject({ code: 1, fails: [id], changed: 0 });
    expect(refused.stderr).toContain("refused, nothing was changed");
    expect(state()).toBe(before);
  });

  it("makes the accounts of the settings, and then has nothing to do", () => {
    const ids = ["01", "02", "03", "04", "05"].map((number) => `ACCOUNTS-${number}`);
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(server.must("cat /home/ada/.ssh/authorized_keys")).toBe(server.publicKey("ada"));
  });

  it.each([
    ["its group", ["group", "gshadow"], ["ACCOUNTS-01", "ACCOUNTS-04"]],
    ["its shadow entry", ["shadow"], ["ACCOUNTS-01"]],
  ])("completes an account without %s, which a killed useradd leaves", (_what, files, fails) => {
    server.must(`sed -i /^ada:/d ${files.map((file) => `/etc/${file}`).join(" ")}`);
    expect(drive("audit")).toMatchObject({ code: 1, fails });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(server.must("getent shadow ada | cut -d : -f 2; id -gn ada")).toBe("!\nada");
  });

  it("lets each person in with their own key only, and asks for a password before sudo", () => {
    expect(server.ssh("ada", "id -un").stdout).toBe("ada\n");
    expect(server.lets("bob", { key: "ada" })).toBe(false);
    expect(server.lets("ada", { from: "stranger" })).toBe(true);
    expect(server.ssh("ada", "sudo -n id -u")).toMatchObject({ code: 1, stdout: "" });
    server.must("echo ada:a-long-password | chpasswd");
    const asked = server.ssh("ada", "sudo -S -p '' id -u", { input: "a-long-password\n" });
    expect(asked.stdout).toBe("0\n");
  });

  it("keeps a password that somebody has set", () => {
    const hash = server.must("getent shadow ada");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
    expect(server.must("getent shadow ada")).toBe(hash);
  });

  it("lets the deployer in from the operator's addresses, with what automation needs and no more", () => {
    expect(server.ssh(DEPLOYER, "sudo -n id -u").stdout).toBe("0\n");
    expect(server.lets(DEPLOYER, { address: server.ipv6 })).toBe(true);
    expect(server.lets(DEPLOYER, { from: "stranger" })).toBe(false);
    expect(server.lets(DEPLOYER, { from: "neighbour", address: server.ipv6 })).toBe(false);
    // pulumi-command: exec, sftp, and direct-tcpip to the next server.
    expect(server.ssh(DEPLOYER, "sftp", { flags: ["-s"], input: "" }).stderr).toBe("");
    const jump = server.ssh(DEPLOYER, "", { flags: ["-W", `${server.privateIPv4}:22`] });
    expect(jump.stdout).toMatch(/^SSH-2\.0/);
    expect(server.ssh(DEPLOYER, "tty", { flags: ["-tt"] }).stdout).not.toContain("/dev/pts");
  });

  it.each(
    grouped([
      ["a surplus key", "echo 'ssh-ed25519 AAAA x' >>/home/ada/.ssh/authorized_keys", ["04"]],
      ["a readable ~/.ssh", "chmod 755 /home/ada/.ssh", ["04"]],
      [
        "a second file of keys",
        "cp /home/{bob,ada}/.ssh/authorized_keys; mv /home/ada/.ssh/authorized_keys{,2}",
        ["04"],
      ],
      ["an open home", "chmod 777 /home/ada", ["03"]],
      ["a home of somebody else's", "chown root /home/ada", ["03"]],
      ["a lost shell", "usermod -s /usr/sbin/nologin ada", ["01"]],
      ["a lost group", "gpasswd -d ada ssh-users", ["01"]],
      [
        "a key of the deployer's that works from anywhere",
        "sed -i 's/^restrict[^ ]* //' /home/deployer/.ssh/authorized_keys",
        ["05"],
      ],
      ["a password for the deployer", "echo deployer:a-long-password | chpasswd", ["02"]],
      ["the deployer in sudo", "gpasswd -a deployer sudo", ["08"]],
      [
        "sudo without password",
        "echo 'ada ALL=(ALL) NOPASSWD: /bin/ls' >/etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz",
        ["06"],
      ],
      [
        "sudo without password by default",
        "echo 'Defaults !authenticate' >/etc/sudoers.d/50-x; chmod 440 /etc/sudoers.d/50-x",
        // sudo-rs has no such setting, and takes the line for a mistake as well.
        IMAGE === "linode/ubuntu26.04" ? ["06", "07"] : ["06"],
      ],
      ["a lost sudo rule", "rm /etc/sudoers.d/stronghold-deployer", ["06"]],
      ["an outsider in sudo", `${EVE}; gpasswd -a eve sudo`, ["08"]],
      ["an outsider in ssh-users", `${EVE}; gpasswd -a eve ssh-users`, ["08"]],
      [
        "an outsider with a password",
        `${EVE}; echo eve:a-long-password | chpasswd; usermod -s /bin/bash eve`,
        ["10"],
      ],
      [
        "an outsider with a key",
        "useradd -m -s /bin/bash ivy; install -D /home/ada/.ssh/authorized_keys /home/ivy/.ssh/authorized_keys; chown -R ivy /home/ivy",
        ["10"],
      ],
      ["an outsider's open home", `${EVE}; chmod 777 /home/eve`, ["03"]],
      ["a second root", "useradd -o -u 0 -M -d /root -s /bin/bash toor", ["11"]],
      [
        "a key for root",
        "mkdir -p /root/.ssh; cp /home/ada/.ssh/authorized_keys /root/.ssh/",
        ["12"],
      ],
      ["an empty password", "usermod -p '' bob", ["13"]],
    ]),
  )("notices and mends: %s", (_what, { rows, numbers }) => {
    for (const [, tamper] of rows) server.must(tamper);
    const fails = numbers.map((number) => `ACCOUNTS-${number}`);
    expect(drive("audit")).toMatchObject({ code: 1, fails, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
  });

  it("shuts out a second name of the deployer's without hurting the deployer", () => {
    server.must("useradd -o -u $(id -u deployer) -M -d /home/deployer -s /bin/bash twin");
    server.must("echo twin:a-long-password | chpasswd");
    expect(drive("audit").fails).toEqual(["ACCOUNTS-10"]);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(server.lets(DEPLOYER)).toBe(true);
  });

  it("leaves sudo's own file to a person, and names the line", () => {
    server.must(
      "cp -a /etc/sudoers /root/sudoers; echo '%sudo ALL=(ALL) NOPASSWD: ALL' >>/etc/sudoers",
    );
    const found = drive("apply");
    server.must("mv /root/sudoers /etc/sudoers");
    expect(found).toMatchObject({ code: 1, fails: ["ACCOUNTS-06"], changed: 0 });
    expect(found.stdout).toContain("%sudo ALL");
  });

  it("does not follow a link that a person planted", () => {
    server.must("mkdir -p /root/.ssh && echo kept >/root/.ssh/note");
    server.must(
      "rm -rf /home/ada/.ssh && ln -s /root/.ssh /home/ada/.ssh && chown -h ada: /home/ada/.ssh",
    );
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    expect(server.must("ls -A /root/.ssh; stat -c %U /root/.ssh/note")).toBe("note\nroot");
    expect(server.lets("ada")).toBe(true);
  });

  it("shuts out who is no longer listed, ends their sessions, keeps their files, and takes them back", async () => {
    server.must("echo bob:a-long-password | chpasswd; touch /home/bob/work");
    const session = await server.session("bob");
    const { ada } = both();
    const without = { ada: ada ?? "" };
    expect(drive("audit", without).fails).toEqual(["ACCOUNTS-08", "ACCOUNTS-09", "ACCOUNTS-10"]);
    expect(drive("apply", without)).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(await eventually(session.ended)).toBe(true);
    expect(server.lets("bob")).toBe(false);
    expect(server.must("passwd -S bob | cut -d ' ' -f 2; ls /home/bob")).toBe("L\nwork");
    expect(drive("apply", without)).toMatchObject({ code: 0, changed: 0 });
    server.must("mkdir -p /home/bob/.ssh && cp /home/ada/.ssh/authorized_keys /home/bob/.ssh/");
    expect(drive("audit", without).fails).toEqual(["ACCOUNTS-09"]);
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    expect(server.lets("bob")).toBe(true);
  }, 90_000);
});
