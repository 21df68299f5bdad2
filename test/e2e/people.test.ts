/**
 * A person's life on the servers: enrolment, the first login, sudo, the next server, a lost phone.
 *
 * Proves G04, G06 and G07 as a person meets them; who must stay out is attack.test.ts's. The stack is one
 * with a private network of its own, so that all of it is proved there, too.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type Role, ROLES } from "../../components/lib/roles";
import { vantageCommand } from "../../local/machines/vantage";
import type { Sheet } from "../../scripts/enrol/sheet";
import { loginWith, type LoginOptions, type LoginResult, totp } from "../person";
import { describeAudit } from "./audit";
import { LIMIT_MS, ROOT, TestCloud } from "./cloud";
import { describeJudges } from "./judges";
import { settingsFile } from "./settings";

const cloud = new TestCloud("people");
const NEW_PASSWORD = "Correct-Horse-7-battery";
let settings: string;

beforeAll(() => {
  cloud.down();
  settings = settingsFile((config) => {
    config["stronghold:passwords"] = { changeAtFirstUse: true };
    config["stronghold:admins"].push({ name: "grace", keys: [] });
    config["stronghold:network"] = { private: "vpc" };
  });
  cloud.up("--settings", settings);
}, 1200_000);

afterAll(() => {
  cloud.down();
}, 180_000);

/** `npm run enrol`, without npm's own start-up time. */
function enrol(...words: string[]): { code: number; stdout: string; stderr: string } {
  const args = ["--import", "tsx", "scripts/enrol.ts", ...words];
  const ran = spawnSync(process.execPath, args, {
    cwd: ROOT,
    env: cloud.env,
    encoding: "utf8",
    timeout: LIMIT_MS,
  });
  return { code: ran.status ?? 128, stdout: ran.stdout, stderr: ran.stderr };
}

function sheet(role: Role, person = "ada"): Sheet {
  const ran = enrol(person, "--server", role, "--json");
  if (ran.code !== 0) throw new Error(ran.stderr);
  const [only] = JSON.parse(ran.stdout) as Sheet[];
  return only!;
}

/** The code of half a minute on: good already, and for a minute at least, so that it is used in time. */
const codeOf = ({ secret = "" }: Sheet): string => totp(secret, new Date(Date.now() + 30_000));

interface Client extends LoginOptions {
  /** The client's first words. @default ssh */
  client?: string[];
  /** @default the stack's own, for the first admin */
  config?: string;
}

/** As the operator, with the stack's own ssh_config and known_hosts. */
function login(
  host: "app" | "db",
  answers: string[],
  command: string,
  { client = ["ssh"], config = cloud.paths.sshConfig, ...options }: Client = {},
): Promise<LoginResult> {
  const enter = vantageCommand(cloud.paths.cloudId, "operator");
  return loginWith([...enter, ...client, "-F", config, host, command], answers, options);
}

/** What the first login asks for: a code, the initial password, and twice the new one. */
const firstAnswers = ({ password = "", ...own }: Sheet): string[] => [
  codeOf(own),
  password,
  NEW_PASSWORD,
  NEW_PASSWORD,
];

/** The ssh_config of the local cloud as another person has it, with keys from the agent alone. */
function configOf(person: string): string {
  const file = join(cloud.paths.operatorDir, `${person}.config`);
  const text = readFileSync(cloud.paths.sshConfig, "utf8");
  const own = text.replace("User ada", `User ${person}`).replace(/^ {2}Identit.*\n/gm, "");
  writeFileSync(file, own);
  return file;
}

/** With an agent that holds the person's key, as on the person's own machine. */
async function withAgentOf<T>(person: string, work: (socket: string) => Promise<T>): Promise<T> {
  const socket = join(cloud.paths.operatorDir, `${person}-agent.sock`);
  const agent = spawnSync("ssh-agent", ["-a", socket], { encoding: "utf8" });
  const [, pid = ""] = /SSH_AGENT_PID=(\d+)/.exec(agent.stdout) ?? [];
  try {
    const key = join(cloud.paths.operatorDir, `${person}_ed25519`);
    spawnSync("ssh-add", ["-q", key], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    return await work(socket);
  } finally {
    process.kill(Number(pid));
    rmSync(socket, { force: true });
  }
}

describe("npm run enrol", () => {
  it("shows a person what each server takes, no secret of which is shared", () => {
    const shown = enrol("ada");
    expect(shown.code).toBe(0);
    for (const role of ROLES) {
      const { server, uri = "", scratchCodes = [], password = "" } = sheet(role);
      for (const text of [`ada on ${server}`, uri, ...scratchCodes, password]) {
        expect(shown.stdout).toContain(text);
      }
      expect(scratchCodes).toHaveLength(5);
    }
    expect(sheet("app").secret).not.toBe(sheet("database").secret);
    expect(sheet("app").password).not.toBe(sheet("database").password);
  });

  it.each([
    [["mallory"], 64, '"mallory" is not among the admins of the local cloud'],
    [["mallory", "--renew"], 64, '"mallory" is not among the admins of the local cloud'],
    [["ada", "--server", "web"], 64, "Allowed choices are app, database, backup"],
    [[], 64, "missing required argument 'user'"],
  ])("refuses %j in plain words", (words, code, text) => {
    const ran = enrol(...words);
    expect([ran.code, ran.stdout]).toEqual([code, ""]);
    expect(ran.stderr).toContain(text);
    expect(ran.stderr).not.toMatch(/^\s+at /m);
  });
});

describe("a person", () => {
  it("has to change the initial password at the first login, within the same conversation", async () => {
    const ran = await login("app", firstAnswers(sheet("app")), "id -un");
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "ada\n" });
    expect(
      ran.prompts.slice(1).map((prompt) => /new|current/i.exec(prompt)?.[0].toLowerCase()),
    ).toEqual(["current", "new", "new"]);
  }, 180_000);

  it("needs that password for sudo", async () => {
    const command = "sudo -n true 2>/dev/null || echo refused; sudo -S -p '' id -un";
    const [scratch = ""] = sheet("app").scratchCodes ?? [];
    const ran = await login("app", [scratch], command, { input: `${NEW_PASSWORD}\n` });
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 0, stdout: "refused\nroot\n" });
    // Not asked for another new password.
    expect(ran.prompts).toHaveLength(1);
  }, 180_000);

  it("goes on to the database server with the agent, and knows its host key there", async () => {
    const { privateIPv4 } = cloud.status().outputs["database"] as { privateIPv4: string };
    // The client over there is answered as the one here is.
    const onward = [
      "umask 077; cat >answers",
      "printf '#!/bin/sh\\nhead -n 1 answers; sed -i 1d answers\\n' >askpass; chmod +x askpass",
      "export SSH_ASKPASS=./askpass SSH_ASKPASS_REQUIRE=force",
      `ssh -o StrictHostKeyChecking=yes ${privateIPv4} cat /etc/hostname`,
    ].join("; ");
    // Sheets take their time, and codes run out.
    const [near, far] = [sheet("app", "grace"), sheet("database", "grace")];
    const ran = await withAgentOf("grace", (socket) =>
      login("app", firstAnswers(near), onward, {
        client: ["env", `SSH_AUTH_SOCK=${socket}`, "ssh", "-A"],
        config: configOf("grace"),
        input: `${firstAnswers(far).join("\n")}\n`,
      }),
    );
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/-db\n$/) as string });
    expect(ran.stderr).not.toMatch(/authenticity|fingerprint/);
  }, 180_000);

  it("comes to the database server by ProxyJump with a code for each server", async () => {
    const [near = ""] = sheet("app", "grace").scratchCodes ?? [];
    const [far = ""] = sheet("database", "grace").scratchCodes ?? [];
    const ran = await withAgentOf("grace", (socket) =>
      login("db", [near, far], "cat /etc/hostname", {
        client: ["env", `SSH_AUTH_SOCK=${socket}`, "ssh"],
        config: configOf("grace"),
      }),
    );
    expect(ran).toMatchObject({ code: 0, stdout: expect.stringMatching(/-db\n$/) as string });
  }, 180_000);

  it("gets a new second factor after a lost phone, and the old one is worth nothing", async () => {
    const before = sheet("app");
    const ran = enrol("ada", "--renew", "--json");
    expect({ code: ran.code, stderr: ran.code === 0 ? "" : ran.stderr }).toEqual({
      code: 0,
      stderr: "",
    });
    const [after] = JSON.parse(ran.stdout) as Sheet[];
    expect(after?.secret).not.toBe(before.secret);
    expect(after?.password).toBe(before.password);
    const [, , , unused = ""] = before.scratchCodes ?? [];
    for (const old of [codeOf(before), unused]) {
      expect((await login("app", [old], "true")).code).toBe(255);
    }
    expect(await login("app", [codeOf(after!)], "id -un")).toMatchObject({
      code: 0,
      stdout: "ada\n",
    });
  }, 540_000);

  it("keeps the new second factor when the stack is brought up again", () => {
    expect(cloud.up("--settings", settings)).toMatchObject({ created: 0, updated: 0, deleted: 0 });
  }, 180_000);
});

describeAudit(cloud);
// They install their tools on the servers, hence at the end.
describeJudges(cloud);
