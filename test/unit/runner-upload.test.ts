// The copy of a folder: a real client, real commands, behind an SSH server in this process.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { asset, runtime } from "@pulumi/pulumi";

import { withFingerprints } from "../../local/runner/fingerprint";
import type { Made, Work } from "../../local/runner/handler";
import { copyToRemoteHandler } from "../../local/runner/resources/copy-to-remote";
import type { WireObject } from "../../local/runner/wire";
import { type KeyPair, makeKey, runIt, SshServer } from "./fixtures/ssh-server";

let key: KeyPair;
let server: SshServer;
let port: number;
let folder: string;
let said: string[];

beforeAll(() => {
  key = makeKey();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "stronghold-upload-"));
  mkdirSync(join(folder, "remote"));
  server = new SshServer(key, key);
  server.reply = runIt;
  port = await server.listen();
  said = [];
});

afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server.close();
});

function write(file: string, text: string): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function source(): Promise<WireObject> {
  const archive = new asset.FileArchive(join(folder, "host"));
  return (await runtime.serializeProperties("test", { source: archive })) as WireObject;
}

async function copy(remotePath = join(folder, "remote")): Promise<Made> {
  const { privateKey, publicKey: hostKey } = key;
  const connection = { host: "127.0.0.1", port, user: "deployer", hostKey, privateKey };
  const work: Work = {
    name: "bundle",
    signal: new AbortController().signal,
    linode: () => {
      throw new Error("no API here");
    },
    exists: () => undefined,
    say: (message) => said.push(message),
  };
  return copyToRemoteHandler.create(work, { ...(await source()), connection, remotePath });
}

const remoteFiles = (): string[] =>
  readdirSync(join(folder, "remote"), { recursive: true }).map(String).sort();

describe("a copied folder", () => {
  it("lands in a folder of its own name, with all that lies below it", async () => {
    write("host/driver", "#!/bin/bash\n");
    chmodSync(join(folder, "host/driver"), 0o4700);
    write("host/controls/ssh.sh", "# ssh: keys only\n");
    write("host/files/etc/ssh/x.conf", "");
    await copy();
    expect(remoteFiles()).toEqual([
      "host",
      "host/controls",
      "host/controls/ssh.sh",
      "host/driver",
      "host/files",
      "host/files/etc",
      "host/files/etc/ssh",
      "host/files/etc/ssh/x.conf",
    ]);
    expect(readFileSync(join(folder, "remote/host/driver"), "utf8")).toBe("#!/bin/bash\n");
    expect(statSync(join(folder, "remote/host/driver")).mode & 0o7777).toBe(0o644);
    expect(statSync(join(folder, "remote/host/controls")).mode & 0o7777).toBe(0o755);
    expect(said).toEqual(["3 files"]);
  });

  it("holds nothing but the present files after a second copy", async () => {
    write("host/controls/old.sh", "old");
    write("host/gone/deep/file", "gone");
    write("host/driver", "a longer first text");
    await copy();
    rmSync(join(folder, "host/controls/old.sh"));
    rmSync(join(folder, "host/gone"), { recursive: true });
    write("host/controls/new.sh", "new");
    write("host/driver", "second");
    await copy();
    expect(remoteFiles()).toEqual(["host", "host/controls", "host/controls/new.sh", "host/driver"]);
    expect(readFileSync(join(folder, "remote/host/driver"), "utf8")).toBe("second");
    expect(said.at(-1)).toBe("2 files, 2 stale ones removed");
  });

  it("takes many files", async () => {
    for (let file = 0; file < 200; file += 1) write(`host/files/${file}`, String(file));
    await copy();
    expect(remoteFiles()).toHaveLength(202);
  });

  it("takes names that a shell would read otherwise", async () => {
    const names = ["-rf", "a b", "$(id)", "it's", "*", "\\n"];
    for (const name of names) write(`host/${name}`, name);
    await copy();
    expect(remoteFiles()).toEqual(["host", ...names.map((name) => `host/${name}`)].sort());
    expect(readFileSync(join(folder, "remote/host/it's"), "utf8")).toBe("it's");
  });

  it("takes files that are larger than a connection's window", async () => {
    const text = "0123456789abcdef".repeat(256 * 1024);
    write("host/large", text);
    await copy();
    expect(readFileSync(join(folder, "remote/host/large"), "utf8")).toBe(text);
  });

  it("stays as it was when a part is lost on the way", async () => {
    write("host/driver", "first");
    await copy();
    write("host/controls/new.sh", "new");
    write("host/driver", "second");
    // An archive of the first file alone, whose end is as good as any to tar.
    server.reply = (command, stdin) => runIt(command, stdin.subarray(0, 1024));
    await expect(copy()).rejects.toThrow("nothing was copied to deployer@127.0.0.1: only 1 of 2");
    expect(remoteFiles()).toEqual(["host", "host/driver"]);
    expect(readFileSync(join(folder, "remote/host/driver"), "utf8")).toBe("first");
  });

  it("clears up after one that was killed half way", async () => {
    write("remote/.host.new/half", "");
    write("remote/.host.old/half", "");
    write("host/driver", "");
    await copy();
    expect(remoteFiles()).toEqual(["host", "host/driver"]);
  });

  it("takes the place of whatever has its name", async () => {
    write("remote/host", "a file");
    write("host/driver", "");
    await copy();
    expect(remoteFiles()).toEqual(["host", "host/driver"]);
    expect(said).toEqual(["1 files, 1 stale ones removed"]);
  });

  it("says so when the folder to copy into is not there", async () => {
    write("host/driver", "");
    await expect(copy("/nowhere")).rejects.toThrow("there is no folder /nowhere on the host");
  });
});

describe("the fingerprint of a folder", () => {
  it("changes with a content and with a name, and with nothing else", async () => {
    const print = async (): Promise<string> => JSON.stringify(withFingerprints(await source()));
    write("host/a", "1");
    write("host/sub/b", "2");
    const first = await print();
    write("host/a", "1");
    expect(await print()).toBe(first);
    write("host/a", "3");
    const second = await print();
    expect(second).not.toBe(first);
    rmSync(join(folder, "host/a"));
    write("host/c", "3");
    expect(await print()).not.toBe(second);
  });
});
