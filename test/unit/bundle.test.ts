import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import fc from "fast-check";

import { controlHash, packagesOf } from "../../components/lib/bundle";
import {
  driverCommand,
  handOverCommand,
  quotedForShell,
} from "../../components/lib/remote-commands";

const root = mkdtempSync(join(tmpdir(), "stronghold-bundle-"));
const dir = join(root, "host");

function write(file: string, content: string): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), content);
}

beforeEach(() => {
  rmSync(dir, { recursive: true, force: true });
  write("driver", "driver");
  write("lib.sh", "lib");
  write("hand-over.sh", "echo 'it''s done'; cat\n");
  write("controls/ssh.sh", "# ssh: the door\n# needs: openssh-server sudo\n");
  write("controls/ssh/checks.sh", "checks");
  write("controls/accounts.sh", "# accounts: people\n# needs: sudo  procps\n");
  write("files/ssh/etc/ssh/sshd_config.d/00-stronghold.conf", "PermitRootLogin no\n");
  write("files/accounts/etc/sudoers.d/stronghold", "sudo");
  write("files/rollback/restore", "restore");
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("controlHash", () => {
  it.each([
    "driver",
    "lib.sh",
    "lib-firewall.sh",
    "controls/ssh.sh",
    "controls/ssh/checks.sh",
    "files/ssh/etc/ssh/sshd_config.d/00-stronghold.conf",
    "files/ssh/etc/ssh/new.conf",
    "files/rollback/restore",
  ])("changes with %s", (file) => {
    const before = controlHash("ssh", dir);
    write(file, "changed");
    expect(controlHash("ssh", dir)).not.toBe(before);
  });

  it.each([
    "controls/accounts.sh",
    "controls/accounts/doors.sh",
    "files/accounts/etc/sudoers.d/stronghold",
    "hand-over.sh",
  ])("does not change with %s, which is another's", (file) => {
    const before = controlHash("ssh", dir);
    write(file, "changed");
    expect(controlHash("ssh", dir)).toBe(before);
  });

  it("tells where a text stands, not just that it is somewhere", () => {
    const before = controlHash("ssh", dir);
    write("driver", "lib");
    write("lib.sh", "driver");
    expect(controlHash("ssh", dir)).not.toBe(before);
  });

  it("is the same for the same files, whatever folder they are in", () => {
    const before = controlHash("ssh", dir);
    const copy = join(root, "copy");
    execFileSync("cp", ["-r", dir, copy]);
    expect(controlHash("ssh", copy)).toBe(before);
  });

  it("refuses a control that does not exist", () => {
    expect(() => controlHash("mysql", dir)).toThrow(
      /^there is no control "mysql": .*mysql\.sh is missing$/,
    );
  });
});

describe("packagesOf", () => {
  it("is the union of what the controls say they need", () => {
    expect(packagesOf(["ssh", "accounts"], dir)).toEqual(["openssh-server", "procps", "sudo"]);
  });

  it("refuses a control that does not say what it needs", () => {
    write("controls/ssh.sh", "# ssh: the door\n");
    expect(() => packagesOf(["ssh"], dir)).toThrow('control "ssh" has no "# needs:" line');
  });
});

describe("driverCommand", () => {
  const call = {
    verb: "apply",
    control: "ssh",
    deployer: "deployer",
    bundleDir: dir,
    serverId: "7",
  };
  const command = (over: object = {}): string =>
    driverCommand({ ...call, ...over } as Parameters<typeof driverCommand>[0]);

  it("is exactly this, with a hash at its end", () => {
    expect(command()).toMatch(/^sudo bash \/home\/deployer\/host\/driver apply ssh [0-9a-f]{64}$/);
    expect(command({ verb: "confirm" })).toBe(command().replace("apply", "confirm"));
  });

  it("differs on another server, since that one has had no step yet", () => {
    expect(command({ serverId: "8" })).not.toBe(command());
  });
});

describe("handOverCommand", () => {
  it("is the script itself as one word, which leaves stdin to the parameters", () => {
    const local = handOverCommand(dir).replace(/^sudo /, "");
    expect(execFileSync("sh", ["-c", local], { input: "A=b\n", encoding: "utf8" })).toBe(
      "its done\nA=b\n",
    );
  });
});

describe("quotedForShell", () => {
  it("keeps every text one word that the shell reads back unchanged", () => {
    const text = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("\0"));
    fc.assert(
      fc.property(text, (value) => {
        const script = `printf %s ${quotedForShell(value)}`;
        expect(execFileSync("sh", ["-c", script], { encoding: "utf8" })).toBe(value);
      }),
    );
  });
});
