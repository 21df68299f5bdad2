// One suite over every store, then what only the file promises.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FileStore, MemoryStore, type Store } from "../../local/api";
import { takeId } from "../../local/api/state/model";
import { linodeBody, runningLinode, startCloud, stopClouds } from "./harness";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "stronghold-api-"));
});

afterEach(async () => {
  await stopClouds();
  rmSync(directory, { recursive: true });
});

const file = () => join(directory, "api.json");
const key = (id: number) => ({ id, label: "key", sshKey: "ssh-ed25519 AAAA", created: "" });

describe.each<[string, () => Store]>([
  ["the store in memory", () => new MemoryStore()],
  ["the store in a file", () => new FileStore(file())],
])("%s", (_, make) => {
  it("keeps a change and returns what it returned", () => {
    const store = make();
    const id = store.change((draft) => {
      const next = takeId(draft, "sshKey");
      draft.sshKeys.push(key(next));
      return next;
    });
    expect(store.state.sshKeys).toEqual([key(id)]);
  });

  it("keeps nothing of a change that throws", () => {
    const store = make();
    const before = JSON.stringify(store.state);
    const change = () =>
      store.change((draft) => {
        takeId(draft, "sshKey");
        draft.sshKeys.push(key(1));
        throw new Error("half way");
      });
    expect(change).toThrow("half way");
    expect(JSON.stringify(store.state)).toBe(before);
  });

  it("never alters a snapshot that somebody holds", () => {
    const store = make();
    const snapshot = store.state;
    store.change((draft) => draft.sshKeys.push(key(1)));
    expect(snapshot.sshKeys).toEqual([]);
  });

  it("never gives an id twice", () => {
    const store = make();
    const ids = Array.from({ length: 50 }, () => store.change((draft) => takeId(draft, "linode")));
    expect(new Set(ids).size).toBe(50);
  });

  it("carries the API", async () => {
    const cloud = await startCloud({ store: make() });
    expect((await runningLinode(cloud)).status).toBe("running");
  });
});

describe("the file", () => {
  it("is for its owner only, and no temporary one stays", () => {
    new FileStore(file()).change((draft) => takeId(draft, "event"));
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(existsSync(`${file()}.new`)).toBe(false);
  });

  it("is closed even if a crash left an open temporary file behind", () => {
    writeFileSync(`${file()}.new`, "half of some", { mode: 0o644 });
    new FileStore(file()).change((draft) => takeId(draft, "event"));
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it("is replaced as a whole, so that who has it open reads the old state to its end", () => {
    const store = new FileStore(file());
    store.change((draft) => draft.sshKeys.push(key(1)));
    const before = statSync(file()).ino;
    store.change((draft) => draft.sshKeys.push(key(2)));
    expect(statSync(file()).ino).not.toBe(before);
  });

  it("is read again, ids included", () => {
    const first = new FileStore(file()).change((draft) => takeId(draft, "event"));
    expect(new FileStore(file()).change((draft) => takeId(draft, "event"))).toBe(first + 1);
  });

  it.each([
    ["is damaged", '{"version":'],
    ["is of another version", '{"version":2}'],
  ])("stops the start when it %s, instead of forgetting the Linodes", (_, text) => {
    writeFileSync(file(), text);
    expect(() => new FileStore(file())).toThrow(
      /cannot read its state .*api\.json: .* bring it up anew/,
    );
    expect(readFileSync(file(), "utf8")).toBe(text);
  });

  it("leaves state and file as they were when it cannot be written", () => {
    const store = new FileStore(file());
    store.change((draft) => draft.sshKeys.push(key(1)));
    rmSync(directory, { recursive: true });
    expect(() => store.change((draft) => draft.sshKeys.push(key(2)))).toThrow("ENOENT");
    expect(store.state.sshKeys).toEqual([key(1)]);
    directory = mkdtempSync(join(tmpdir(), "stronghold-api-"));
  });

  it("holds neither the root password nor the user data", async () => {
    const cloud = await startCloud({ store: new FileStore(file()) });
    const userData = Buffer.from("canary-user-data").toString("base64");
    await runningLinode(cloud, {
      root_pass: "canary-root-pass",
      metadata: { user_data: userData },
    });
    cloud.machines.break("create", "no space for canary-root-pass or canary-user-data");
    const body = {
      label: "second",
      root_pass: "canary-root-pass",
      metadata: { user_data: userData },
    };
    await cloud.client.createLinode(linodeBody(body));
    await cloud.api.idle();
    const text = readFileSync(file(), "utf8");
    expect(text).toContain("no space for [hidden] or [hidden]");
    for (const canary of ["canary-root-pass", "canary-user-data", userData]) {
      expect(text).not.toContain(canary);
    }
  });
});
