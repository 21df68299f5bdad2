/**
 * The control `passwords`: real changes at real terminals, by people and by root, and who may use sudo.
 *
 * sshd is as the image has it: that nobody logs in with a password alone is in control-ssh.test.ts.
 */
import { spawnSync } from "node:child_process";

import { packagesOf } from "../../components/lib/bundle";
import {
  base64,
  BUNDLE,
  DEPLOYER,
  itWithJournal,
  OPERATOR_FROM,
  type Parameters,
  type Report,
  TestServer,
} from "./harness";
import { converse, type Conversation } from "./terminal";
import { grouped } from "./tampers";

const server = new TestServer("a0c70a");
const it = itWithJournal(server);
const RECORDS = "/var/lib/stronghold/passwords";
const SETTINGS = "/etc/security/pwquality.conf.d/zz-stronghold.conf";
const PAM = "/etc/pam.d/common-password";
/** As the test's cloud sets it at the first boot. */
const VENDORS = "a long password that nobody needs";

const crypt = (password: string, method: string): string =>
  spawnSync("openssl", ["passwd", method, "-stdin"], { input: password, encoding: "utf8" }).stdout;
const ADAS = "Gv8?trimoxNebula";
const BOBS = "Wq5+halvenDrups";
const OWN = "Ko3!vubrezLam-9x";
const people: Record<string, string> = {
  ada: `clear\t${ADAS}`,
  bob: `hash\t${crypt(BOBS, "-6").trim()}`,
};

const listed = (of = people): string =>
  base64(
    Object.entries(of)
      .map(([name, word]) => `${name}\t${word}\n`)
      .join(""),
  );
const drive = (verb: string, of = people, more: Parameters = {}): Report =>
  server.drive(verb, "passwords", { PEOPLE_B64: listed(of), ...more });
const accounts = (verb = "apply", names = ["ada", "bob"]): Report =>
  server.drive(verb, "accounts", {
    DEPLOYER,
    DEPLOYER_KEYS_B64: base64(server.publicKey(DEPLOYER)),
    DEPLOYER_FROM: OPERATOR_FROM,
    ADMINS_B64: base64(names.map((name) => `${name}\t${server.publicKey(name)}\n`).join("")),
  });
const ids = (...numbers: string[]): string[] => numbers.map((number) => `PASSWORDS-${number}`);

const shadow = (name: string): string[] => server.must(`getent shadow ${name}`).split(":");
const hashOf = (name: string): string => shadow(name)[1] ?? "";
/** What a run that changes nothing must leave alone. */
const state = (): string =>
  server.must(
    "{ cat /etc/shadow /etc/pam.d/*; find /etc/security /var/lib/stronghold -type f -exec sha256sum {} +; } | sha256sum",
  );

/** Runs a line at a terminal of the server itself, as root or as a person. */
const atTerminal = (
  line: string,
  answers: readonly (readonly [string, string])[],
  seconds = 60,
): Promise<Conversation> => {
  const words = [
    "timeout",
    String(seconds),
    "script",
    "--quiet",
    "--return",
    "--command",
    line,
    "/dev/null",
  ];
  return converse(server.cloud.machines.consoleCommand(1001, words), answers);
};
const asPerson = (name: string, line: string): string =>
  `setpriv --reuid=${name} --regid=${name} --init-groups ${line}`;
const thrice = (password: string): [string, string][] =>
  Array.from({ length: 3 }, () => ["New password: ", password]);
const changeTo = (password: string): [string, string][] => [
  ["New password: ", password],
  ["Retype new password: ", password],
];
/** Whether that password opens sudo for the person. */
const opensSudo = (name: string, password: string): boolean =>
  server.ssh(name, "sudo -S -p '' -k id -u", { input: `${password}\n` }).stdout === "0\n";
/** Sets a password past PAM, as something to start from. */
const given = (name: string, password: string): void =>
  void server.must(`chpasswd -c YESCRYPT && chage -d $(date +%F) ${name}`, `${name}:${password}\n`);

beforeAll(async () => {
  await server.boot();
  expect(drive("audit").fails).toEqual(ids("00"));
  const packages = packagesOf(["accounts", "passwords"], BUNDLE).join(" ");
  expect(server.drive("apply", "packages", { PACKAGES: packages }).code).toBe(0);
}, 360_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("the control passwords", () => {
  it("wants accounts first", () => {
    expect(drive("apply")).toMatchObject({ code: 1, fails: ids("05"), changed: 0 });
    expect(accounts()).toMatchObject({ code: 0, fails: [] });
  });

  const hash = (text: string): Record<string, string> => ({ ada: `hash\t${text}` });
  it.each<[string, () => Report]>([
    ["nobody", () => drive("apply", {})],
    ["root", () => drive("apply", { root: `clear\t${ADAS}` })],
    ["the deployer", () => drive("apply", { [DEPLOYER]: `clear\t${ADAS}` })],
    ["an account of the system", () => drive("apply", { daemon: `clear\t${ADAS}` })],
    ["a name with another field", () => drive("apply", { "ada:x": `clear\t${ADAS}` })],
    ["no password", () => drive("apply", { ada: "clear\t" })],
    ["a blank in a password", () => drive("apply", { ada: "clear\tGv8?trim Nebula" })],
    ["neither clear nor hash", () => drive("apply", { ada: ADAS })],
    ["a password as a hash", () => drive("apply", hash(ADAS))],
    ["an MD5 hash", () => drive("apply", hash(crypt(ADAS, "-1").trim()))],
    ["a SHA-256 hash", () => drive("apply", hash(crypt(ADAS, "-5").trim()))],
    ["a DES hash", () => drive("apply", hash("ab01FAX.bQRSU"))],
    ["a hash that was cut", () => drive("apply", hash(crypt(ADAS, "-6").trim().slice(0, -3)))],
    ["a locked hash", () => drive("apply", hash(`!${crypt(ADAS, "-6").trim()}`))],
    ["a hash with another field", () => drive("apply", hash(`${crypt(ADAS, "-6").trim()}:0`))],
    [
      "a person twice",
      () => drive("apply", people, { PEOPLE_B64: base64(`ada\tclear\ta\nada\tclear\tb\n`) }),
    ],
  ])("refuses %s before it changes anything", (_what, apply) => {
    const before = state();
    const refused = apply();
    expect(refused).toMatchObject({ code: 1, fails: ids("05"), changed: 0 });
    expect(refused.stdout + refused.stderr).not.toMatch(/Gv8\?|\$[156]\$|ab01FAX/);
    expect(state()).toBe(before);
  });

  it("refuses words that it does not know", () => {
    expect(drive("apply", people, { CHANGE_AT_FIRST_USE: "maybe" }).code).toBe(64);
    expect(drive("apply", people, { PEOPLE_B64: "?" }).code).toBe(64);
  });

  // Without the right to hang up, which would be the end of a terminal that no kernel console is; and
  // ended from outside, since after a refusal it asks on and on.
  const atConsole = async (): Promise<string> => {
    const login = "setpriv --inh-caps=-sys_tty_config --bounding-set=-sys_tty_config login root";
    const told = [
      ["Password: ", VENDORS],
      ["# ", "exit"],
    ] as const;
    return (await atTerminal(`exec ${login}`, told, 20)).screen;
  };

  it("asks for quality, locks root, issues passwords, and then has nothing to do", async () => {
    // The vendor's password opens root, so that what closes it below is the control.
    const root = (): string => server.ssh("ada", "su -c 'id -u'", { input: `${VENDORS}\n` }).stdout;
    expect(root()).toBe("0\n");
    expect(await atConsole()).toContain("root@host-1");
    expect(drive("audit").fails).toEqual(ids("02", "03", "04", "05", "07"));
    const applied = drive("apply");
    expect(applied).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(applied.stdout).toContain("(still in use: ada bob)");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [], changed: 0, stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
    expect(root()).toBe("");
    expect(await atConsole()).toContain("Login incorrect");
    expect(
      server.must("passwd -S root | cut -d ' ' -f 1-2; passwd -S ada | cut -d ' ' -f 1-2"),
    ).toBe("root L\nada P");
    expect(hashOf("root")).toBe("*");
    expect(hashOf("ada")).toMatch(/^\$y\$j9T\$/);
    expect(hashOf("bob")).toBe(people["bob"]?.slice("hash\t".length));
    expect(hashOf(DEPLOYER)).toMatch(/^!/);
  });

  it("agrees with the control accounts", () => {
    expect(accounts()).toMatchObject({ code: 0, fails: [], changed: 0 });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
    server.must("usermod -p '' ada; usermod -p '' root; echo deployer:x-Y9zz88aa | chpasswd -e");
    expect(accounts()).toMatchObject({ code: 0, fails: [] });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    expect(accounts()).toMatchObject({ code: 0, changed: 0 });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
  });

  it("keeps passwords out of logs, records and arguments", () => {
    const found = `journalctl --no-pager; grep -rh . ${RECORDS} /var/lib/stronghold`;
    expect(server.must(`{ ${found}; } | grep -c -F '${ADAS}' || true`)).toBe("0");
    // Each command that the run starts, seen by the kernel.
    const words = server.must(`command -v perl chpasswd chage`).split("\n");
    expect(words).toHaveLength(3);
    for (const word of words) {
      server.must(`mv ${word} ${word}.kept; cat >${word}; chmod 755 ${word}`, SPY(word));
    }
    server.must(`rm ${RECORDS}/ada`);
    const applied = drive("apply");
    for (const word of words) server.must(`mv ${word}.kept ${word}`);
    expect(applied).toMatchObject({ code: 0, fails: [] });
    const seen = server.must("cat /run/spied");
    expect(seen).toMatch(/perl[\s\S]*chpasswd --encrypted[\s\S]*chage --lastday 0 ada/);
    expect(seen).not.toContain(ADAS);
    expect(seen).not.toContain("$y$");
  });
});

describe("an initial password", () => {
  it("has to be changed at the first login, into a strong one", async () => {
    const words = server.words("ada", "id -un", { flags: ["-tt"] });
    // sshd has `passwd` do it, and then wants a new login.
    const weak = await converse(words, [["Current password: ", ADAS], ...thrice("weak-password")]);
    expect(weak.screen.match(/BAD PASSWORD/g)).toHaveLength(3);
    expect(weak.screen).not.toMatch(/^ada\r?$/m);
    expect(hashOf("ada")).toBe(server.must(`cat ${RECORDS}/ada`));
    const wrong = await converse(words, [["Current password: ", BOBS]]);
    expect(wrong.screen).not.toMatch(/^ada\r?$/m);
    const changed = await converse(words, [["Current password: ", ADAS], ...changeTo(OWN)]);
    expect(changed.screen).toContain("password updated successfully");
    expect(changed.screen).not.toMatch(/^ada\r?$/m);
    expect(hashOf("ada")).toMatch(/^\$y\$/);
    const after = drive("apply");
    expect(after).toMatchObject({ code: 0, fails: [], changed: 0 });
    expect(after.stdout).toContain("(still in use: bob)");
    expect(server.ssh("ada", "id -un").stdout).toBe("ada\n");
  });

  it("opens nothing before that", () => {
    expect(server.ssh("bob", "true")).toMatchObject({ code: 1 });
    expect(server.ssh("bob", "true").stderr).toContain("no TTY");
    const jump = server.ssh("bob", "", { flags: ["-W", `${server.privateIPv4}:22`] });
    expect(jump.stdout).toBe("");
    expect(opensSudo("bob", BOBS)).toBe(false);
  });

  it("may be kept where the settings say so", () => {
    const kept: Parameters = { CHANGE_AT_FIRST_USE: "no" };
    expect(drive("audit", people, kept).fails).toEqual(ids("06"));
    expect(drive("apply", people, kept)).toMatchObject({ code: 0, fails: [], changed: 1 });
    expect(opensSudo("bob", BOBS)).toBe(true);
    expect(drive("apply", people, kept)).toMatchObject({ code: 0, changed: 0 });
    const audited = drive("audit");
    expect(audited.fails).toEqual(ids("06"));
    expect(audited.stdout).toContain("bob may keep the initial one");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], changed: 1 });
    expect(opensSudo("bob", BOBS)).toBe(false);
  });

  it("never overwrites an own password, but for a new issue", () => {
    given("ada", OWN);
    const own = hashOf("ada");
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
    expect(hashOf("ada")).toBe(own);
    const anew = { ...people, ada: "clear\tHx4=nimbusTrolle" };
    expect(drive("audit", anew).fails).toEqual(ids("05"));
    expect(drive("apply", anew)).toMatchObject({ code: 0, fails: [] });
    expect(hashOf("ada")).not.toBe(own);
    given("ada", OWN);
    expect(drive("apply", anew)).toMatchObject({ code: 0, changed: 0 });
    // Back to the first: also a change.
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    expect(shadow("ada")[2]).toBe("0");
  });

  it("is asked for by sudo, which opens to nothing else", () => {
    given("ada", OWN);
    expect(server.ssh("ada", "sudo -n id -u")).toMatchObject({ code: 1, stdout: "" });
    expect(opensSudo("ada", OWN)).toBe(true);
    expect(opensSudo("ada", ADAS)).toBe(false);
    expect(opensSudo("ada", "")).toBe(false);
    expect(server.ssh(DEPLOYER, "sudo -n id -u").stdout).toBe("0\n");
  });
});

describe("a change of a password", () => {
  const CASES: [string, string, string][] = [
    ["too short", "Ko3!vubre", "shorter than 10 characters"],
    ["without upper case", "ko3!vubrezlam", "less than 1 uppercase letters"],
    ["with one lower case letter", "KO3!VUBREZLAm", "less than 2 lowercase letters"],
    ["without a digit", "Ko!!vubrezLam", "less than 1 digits"],
    ["without punctuation", "Ko33vubrezLam", "less than 1 non-alphanumeric characters"],
    ["from a dictionary", "Password1!", "based on a dictionary word"],
    ["from a dictionary, backwards", "!1drowssaP", "\\(reversed\\) dictionary word"],
    ["that is a palindrome", "Ko3b!!b3oK", "is a palindrome"],
    ["with the user's name", "Xo3!jennifer-Vrt", "contains the user name"],
    ["with the user's name backwards", "Xo3!refinnej-Vrt", "contains the user name"],
    ["that is empty", "", "No password supplied|No password has been supplied"],
  ];

  beforeAll(() => {
    const names = ["ada", "bob", "jennifer"];
    expect(accounts("apply", names)).toMatchObject({ code: 0, fails: [] });
    people["jennifer"] = `clear\t${ADAS}`;
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    given("jennifer", OWN);
  });

  it.each([
    ...CASES,
    ["with two changed characters", "Ko3!vubrezLam-8y", "too similar|not enough different"],
    ["that changes case only", "kO3!VUBREZlAM-9X", "case changes only"],
    ["that is the old one", OWN, "same as the old one|Password unchanged|No password"],
  ])("refuses a person one %s", async (_what, weak, reason) => {
    const before = hashOf("jennifer");
    const answers = [["Current password: ", OWN] as [string, string], ...thrice(weak)];
    const { code, screen } = await atTerminal(asPerson("jennifer", "passwd"), answers);
    expect(code).not.toBe(0);
    expect(screen).toMatch(new RegExp(reason));
    expect(hashOf("jennifer")).toBe(before);
  });

  it.each(CASES)("refuses root one %s", async (_what, weak, reason) => {
    const before = hashOf("jennifer");
    const { code, screen } = await atTerminal("passwd jennifer", thrice(weak));
    expect(code).not.toBe(0);
    expect(screen).toMatch(new RegExp(reason));
    expect(hashOf("jennifer")).toBe(before);
    if (weak === "") return;
    expect(server.root("chpasswd", `jennifer:${weak}\n`).code).not.toBe(0);
    expect(server.root("pwscore jennifer", `${weak}\n`).code).toBe(1);
    expect(hashOf("jennifer")).toBe(before);
  });

  it("takes a good one, at the third try at the latest", async () => {
    const good = "Zt7%mopernWolke";
    const answers: [string, string][] = [
      ["Current password: ", OWN],
      ["New password: ", "weak"],
      ["New password: ", "weaker"],
      ...changeTo(good),
    ];
    const changed = await atTerminal(asPerson("jennifer", "passwd"), answers);
    expect(changed.screen).toContain("password updated successfully");
    expect(hashOf("jennifer")).toMatch(/^\$y\$j9T\$/);
    expect(opensSudo("jennifer", good)).toBe(true);
    expect((await atTerminal("passwd jennifer", changeTo(OWN))).code).toBe(0);
    expect(server.root("chpasswd", `jennifer:${good}\n`).code).toBe(0);
    expect(hashOf("jennifer")).toMatch(/^\$y\$j9T\$/);
    expect(server.root("pwscore jennifer", `${good}\n`).code).toBe(0);
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0 });
  });
});

describe("a tampered server", () => {
  const dir = "/etc/security/pwquality.conf.d";

  it.each([6, 99])("takes no other file's word, such as %d for the length", (length) => {
    server.must(`echo 'minlen = ${String(length)}' >${dir}/zzz.conf`);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
    server.must(`rm ${dir}/zzz.conf`);
  });

  it.each(
    grouped([
      [
        "a main file that overrules",
        "echo 'lcredit=1' >>/etc/security/pwquality.conf",
        ["02", "03"],
      ],
      ["a main file that only warns", "echo 'enforcing 0' >>/etc/security/pwquality.conf", ["02"]],
      [
        "words spelt otherwise",
        "echo ' DictCheck=0 # x' >>/etc/security/pwquality.conf",
        ["02", "03"],
      ],
      ["an exception for accounts of elsewhere", `echo local_users_only >${dir}/a.conf`, ["02"]],
      ["another dictionary", `echo 'dictpath = /nowhere' >${dir}/a.conf`, ["02", "03"]],
      ["a file that cannot be read", `echo 'nonsense = 1' >${dir}/a.conf`, ["02", "03"]],
      ["a lost file", `rm ${SETTINGS}`, ["02"]],
      ["a lost main file", "rm /etc/security/pwquality.conf", ["02"]],
      ["a file of somebody else's", `chown nobody ${SETTINGS}`, ["02"]],
      ["root's freedom", `sed -i /enforce_for_root/d ${SETTINGS}`, ["02"]],
      ["an option in PAM's line", `sed -i 's/pwquality.so.*/& minlen=4/' ${PAM}`, ["01"]],
      ["a way around before it", `sed -i '1i password sufficient pam_unix.so' ${PAM}`, ["01"]],
      ["a fast hash", `sed -i 's/yescrypt$/md5/' ${PAM}`, ["01"]],
      ["no question at all", `sed -i /pwquality/d ${PAM}`, ["01"]],
      ["a lost PAM file", `rm ${PAM}`, ["01"]],
      ["a module turned off", "pam-auth-update --package --remove pwquality", ["01"]],
      ["root with a password", "echo root:x | chpasswd -c YESCRYPT", ["04"]],
      [
        "root with a password behind a lock",
        "echo root:x | chpasswd -c YESCRYPT; usermod -L root",
        ["04"],
      ],
      ["root without a password", "usermod -p '' root", ["04"]],
      ["a person without a password", "usermod -p '' ada", ["05"]],
      ["a locked person", "usermod -L ada", ["05"]],
      ["a person with a star", "usermod -p '*' ada", ["05"]],
      ["a hash that is guessed fast", "echo ada:x | chpasswd -c MD5", ["05"]],
      ["a lost record", `rm ${RECORDS}/ada`, ["05", "07"]],
      ["another record", `cp ${RECORDS}/{bob,ada}`, ["05"]],
      ["an initial password that may be kept", "chage -d 2026-01-01 bob", ["06"]],
      ["records for everyone", `chmod 755 ${RECORDS}; chmod 644 ${RECORDS}/bob`, ["07"]],
      ["a record of a stranger", `echo x >${RECORDS}/eve`, ["07"]],
      ["a person's password that ages", "chage -M 60 ada", ["08"]],
      ["the deployer's that ages", `chage -M 60 -d 2026-01-01 ${DEPLOYER}`, ["08"]],
      ["the deployer's that has to be changed", `chage -d 0 ${DEPLOYER}`, ["08"]],
      ["an account that is left unused", `chage -I 30 ${DEPLOYER}`, ["08"]],
    ]),
  )("is noticed and mended: %s", (_what, { rows, numbers }) => {
    for (const [, tamper] of rows) server.must(tamper);
    expect(drive("audit")).toMatchObject({ code: 1, fails: ids(...numbers), stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    expect(drive("apply")).toMatchObject({ code: 0, changed: 0, stderr: "" });
  });

  it.each([
    ["a service with rules of its own", "passwd", "echo 'password sufficient pam_unix.so' >>"],
    ["a service that includes from elsewhere", "login", "echo '@include /tmp/x' >>"],
    ["a fallback without rules", "other", "sed -i /common-password/d"],
  ])("with %s is named, for a person to mend", (_what, file, tamper) => {
    server.must(`cp -a /etc/pam.d/${file} /root/kept; ${tamper} /etc/pam.d/${file}`);
    const found = drive("apply");
    server.must(`mv /root/kept /etc/pam.d/${file}`);
    expect(found).toMatchObject({ code: 1, fails: ids("01"), changed: 0, stderr: "" });
    expect(found.stdout).toContain(file === "other" ? "other lacks" : `/etc/pam.d/${file}`);
  });

  it("heals an account by issuing its initial password again", () => {
    given("ada", OWN);
    server.must("usermod -L ada");
    expect(drive("apply")).toMatchObject({ code: 0, fails: [] });
    expect(hashOf("ada")).toBe(server.must(`cat ${RECORDS}/ada`));
    expect(shadow("ada")[2]).toBe("0");
  });

  it("keeps its rules when another package has PAM's files written anew", () => {
    server.must("DEBIAN_FRONTEND=noninteractive pam-auth-update --package 2>&1");
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("lets the deployer in all the time, also when its password field is old", () => {
    server.must(`chage -d 1990-01-01 ${DEPLOYER}`);
    expect(server.lets(DEPLOYER)).toBe(true);
    expect(drive("audit")).toMatchObject({ code: 0, fails: [] });
  });

  it("lets a leaver's record go", () => {
    const { ada = "", bob = "" } = people;
    const without = { ada, bob };
    expect(drive("audit", without).fails).toEqual(ids("07"));
    expect(drive("apply", without)).toMatchObject({ code: 0, fails: [], changed: 1 });
    expect(server.must(`ls ${RECORDS}`)).toBe("ada\nbob");
  });

  it("converges wherever it was killed, with the deployer let in", () => {
    for (const delay of [20, 60, 110, 160, 220, 300, 400]) {
      server.must(`rm -rf ${RECORDS} ${SETTINGS}; sed -i /pwquality/d ${PAM}`);
      server.must("usermod -p '!' ada; usermod -p x root");
      server.killDriverAfter(delay, "apply", "passwords", { PEOPLE_B64: listed() });
      expect(server.lets(DEPLOYER)).toBe(true);
      expect(drive("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    }
  });
});

/** Stands in for a command, and notes the words that it was called with. */
function SPY(word: string): string {
  return `#!/bin/bash\nprintf '%s ' "$0" "$@" >>/run/spied; echo >>/run/spied\nexec ${word}.kept "$@"\n`;
}
