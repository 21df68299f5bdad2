/**
 * The attack matrix against the whole stack, before and after a reboot of all servers.
 *
 * Proves G05 to G11 from the attacker's side. What it does not prove is the vendor's own edge: on a
 * real account the Cloud Firewall is Linode's, here it is the local cloud's.
 */
import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import type { Enrolments } from "../../components/lib/outputs-contract";
import type { Role } from "../../components/lib/roles";
import { vantageCommand } from "../../local/machines/vantage";
import {
  expectedOutcome,
  type Host,
  isHost,
  type Login,
  LOGINS,
  openPorts,
  type Outcome,
  type Way,
  WAYS,
} from "./attack-matrix";
import { totp } from "../person";
import { attempt, type Attempt, inParallel } from "./attempt";
import { ROOT, TestCloud } from "./cloud";
import { settingsFile } from "./settings";

const execute = promisify(execFile);
const cloud = new TestCloud("attack");
const folder = mkdtempSync(join(tmpdir(), "stronghold-attack-"));

/** A person for each kind of try that uses codes up, so that one try does not limit another's rate. */
const PEOPLE = ["plain", "wrong", "replay", "expired", "scratch"].flatMap((kind) =>
  ["v4", "v6"].map((family) => `${kind}-${family}`),
);
const UNENROLLED = "unenrolled";
const LIMIT = 12;

interface Target {
  id: number;
  addresses: Record<Way["family"], string>;
  enrolments: Enrolments["app"];
  rootPassword: string;
}
let targets: Record<Host, Target>;

const keyOf = (name: string): string => join(cloud.paths.operatorDir, `${name}_ed25519`);
const foreignKey = join(folder, "foreign");

beforeAll(() => {
  cloud.down();
  const file = settingsFile((config) => {
    config["stronghold:admins"] = [
      ...["ada", ...PEOPLE].map((name) => ({ name, keys: [] })),
      { name: UNENROLLED, keys: [], enrolment: 0 },
    ];
  });
  cloud.up("--settings", file);
  targets = {
    app: targetOf("-app", "app"),
    db: targetOf("-db", "database"),
    backup: targetOf("-backup", "backup"),
  };
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", foreignKey]);
  listen();
}, 1200_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  cloud.down();
}, 180_000);

function targetOf(suffix: string, role: Role): Target {
  const { machines, outputs } = cloud.status("--show-secrets");
  const machine = machines.find(({ label }) => label.endsWith(suffix));
  if (!machine) throw new Error(`no machine ${suffix}`);
  const { id, publicIPv4: v4, publicIPv6: v6, privateIPv4 } = machine;
  const enrolments = (outputs["enrolments"] as Enrolments)[role];
  const addresses = { v4, v6, private: privateIPv4 ?? "" };
  return { id, addresses, enrolments, rootPassword: rootPasswordOf(machine.label) };
}

/** The one that the stack gave to the vendor's API. */
function rootPasswordOf(label: string): string {
  const state = readFileSync(join(cloud.paths.stateDir, "runner/local.json"), "utf8");
  const { resources } = JSON.parse(state) as {
    resources: { inputs: { label?: string; rootPass?: { value: string } } }[];
  };
  const found = resources.find(({ inputs }) => inputs.label === label && inputs.rootPass);
  if (!found?.inputs.rootPass) throw new Error(`no root password of ${label}`);
  return found.inputs.rootPass.value;
}

const LISTENING = { app: [3306, 8080], db: [8080], backup: [3306, 8080] };
/** Where the application is, behind the web's own ports. */
const APPLICATION = [3000, 3003];

/** Something else listens on every port that anybody might have left open, as nobody, for both families. */
function listen(): void {
  for (const host of ["app", "db", "backup"] as const) {
    for (const port of LISTENING[host]) {
      const server = `python3 -m http.server ${port} --bind :: --directory /var/empty`;
      const unit = `systemd-run --quiet --unit=listen-${port} --uid=nobody ${server}`;
      const ran = cloud.run(["console", host, "--", "bash", "-c", `mkdir -p /var/empty; ${unit}`]);
      if (ran.code !== 0) throw new Error(ran.stderr);
    }
  }
}

/** Words that lead to a place; on a server somebody acts who has got that far. */
const enter = (from: Way["from"]): string[] =>
  vantageCommand(cloud.paths.cloudId, isHost(from) ? targets[from].id : from);

/** The code that a phone shows, now or some minutes ago. */
function code(person: string, way: Way, minutesAgo = 0): string {
  const { secret = "" } = targets[way.to].enrolments[person] ?? {};
  return totp(secret, new Date(Date.now() - minutesAgo * 60_000));
}

/** Each number of the round has a scratch code of its own. */
const scratchCode = (person: string, way: Way, round: number): string =>
  targets[way.to].enrolments[person]?.scratchCodes?.[round] ?? "";

/** Turns a code into one that is certainly wrong, now and in the next minute. */
const notThe = (right: string): string =>
  String((Number(right) + 500_000) % 1_000_000).padStart(6, "0");

/** The tries that each kind of login is made of; the last one counts. */
function tries(login: Login, way: Way, round: number): Omit<Attempt, "address">[] {
  const person = (kind: string): string => `${kind}-${way.family === "v6" ? "v6" : "v4"}`;
  const withCode = (kind: string, ...answers: string[]): Omit<Attempt, "address"> => ({
    user: person(kind),
    key: keyOf(person(kind)),
    answers,
  });
  switch (login) {
    case "no key":
      return [{ user: "ada" }];
    case "a key that nobody listed":
      return [{ user: "ada", key: foreignKey }];
    case "the key of another person":
      return [{ user: "ada", key: keyOf(person("plain")) }];
    case "the right key and no code":
      return [{ user: "ada", key: keyOf("ada"), methods: "publickey" }];
    case "the right key and a wrong code":
      return [withCode("wrong", notThe(code(person("wrong"), way)))];
    case "the right key and a code that was used before": {
      const used = withCode("replay", code(person("replay"), way));
      return [used, used];
    }
    case "the right key and a code of five minutes ago":
      return [withCode("expired", code(person("expired"), way, 5))];
    case "the right key and the right code":
      return [withCode("plain", code(person("plain"), way))];
    case "the right key and a scratch code":
      return [withCode("scratch", scratchCode(person("scratch"), way, 2 * round))];
    case "the right key and the same scratch code again": {
      const used = withCode("scratch", scratchCode(person("scratch"), way, 2 * round + 1));
      return [used, used];
    }
    case "the right code and no key":
      return [{ user: "ada", answers: [code("ada", way)], methods: "keyboard-interactive" }];
    case "a person who is not enrolled, with the right key":
      return [{ user: UNENROLLED, key: keyOf(UNENROLLED), answers: [""] }];
    case "a person's password":
      return [
        {
          user: "ada",
          key: keyOf("ada"),
          answers: [targets[way.to].enrolments["ada"]?.password ?? ""],
        },
      ];
    case "root with its password":
      return [
        {
          user: "root",
          answers: [targets[way.to].rootPassword],
          methods: "password,keyboard-interactive",
        },
      ];
    case "root with a person's key":
      return [{ user: "root", key: keyOf("ada"), answers: [""] }];
    case "root with the deployer's key":
      return [{ user: "root", key: keyOf("deployer"), answers: [""] }];
    case "the deployer with a person's key":
      return [{ user: "deployer", key: keyOf("ada"), answers: [""] }];
    case "the deployer with its key":
      return [{ user: "deployer", key: keyOf("deployer") }];
    default:
      return login satisfies never;
  }
}

async function tryLogin(login: Login, way: Way, round: number): Promise<Outcome> {
  const address = targets[way.to].addresses[way.family];
  let outcome: Outcome = "no answer";
  for (const one of tries(login, way, round)) {
    outcome = await attempt(enter(way.from), { ...one, address });
    // Behind a wall that says nothing, a second try is the first one again.
    if (outcome === "no answer") break;
  }
  return outcome;
}

/**
 * The ports that answer in any way, open or closed: of all, then, after the reboot, of those where
 * something listens and the first thousand, which spares minutes.
 */
async function scan(way: Way, round: number): Promise<number[]> {
  const address = targets[way.to].addresses[way.family];
  const flags = [...(address.includes(":") ? ["-6"] : []), "-Pn", "-n", "-oG", "-"];
  const range =
    round === 0
      ? ["-p-"]
      : ["-p", `1-1000,${[...APPLICATION, ...Object.values(LISTENING).flat()].join(",")}`];
  // Silence is answered with waiting, and 65,535 silent ports take their time.
  const pace = ["--min-rate", "15000", "--max-rtt-timeout", "100ms", "--max-retries", "1"];
  const [command, ...args] = [...enter(way.from), "nmap", ...flags, ...range, ...pace, address];
  const { stdout } = await execute(command, args, { maxBuffer: 1 << 24 });
  return [...stdout.matchAll(/(\d+)\/(?:open|closed)\/tcp/g)].map(([, port]) => Number(port));
}

const nameOf = ({ from, to, family }: Way): string => `${from} to ${to} (${family})`;
const CELLS = WAYS.flatMap((way) =>
  (Object.keys(LOGINS) as Login[]).map((login) => ({ way, login, name: nameOf(way) })),
);

describe.each([
  ["as it came up", 0],
  ["after a reboot", 1],
])("the environment %s", (title, round) => {
  const found = new Map<string, Outcome>();
  const ports = new Map<string, number[]>();

  beforeAll(async () => {
    if (round > 0) await reboot();
    await inParallel(CELLS, LIMIT, async ({ way, login, name }) => {
      found.set(`${name} ${login}`, await tryLogin(login, way, round));
    });
    await inParallel(WAYS, 2, async (way) => {
      ports.set(nameOf(way), await scan(way, round));
    });
    writeReport(title, found, ports);
  }, 1800_000);

  it.each(CELLS)("$name: $login", ({ way, login, name }) => {
    expect(found.get(`${name} ${login}`)).toBe(expectedOutcome(login, way));
  });

  it.each(WAYS.map((way) => [nameOf(way), way] as const))("%s: these ports answer", (name, way) => {
    expect(ports.get(name)).toEqual(openPorts(way));
  });
});

/** All at once, from inside, and up again for the deployer by the usual way. */
async function reboot(): Promise<void> {
  const bootIds = (): string[] =>
    ["app", "db", "backup"].map(
      (host) =>
        cloud.run(["console", host, "--", "cat", "/proc/1/stat"]).stdout.split(" ")[21] ?? "",
    );
  const before = bootIds();
  for (const host of ["db", "backup", "app"])
    cloud.run(["console", host, "--", "systemctl", "reboot", "--no-block"]);
  const deadline = Date.now() + 180_000;
  const isBack = async (): Promise<boolean> => {
    if (bootIds().some((id, index) => id === "" || id === before[index])) return false;
    const deployers: Login = "the deployer with its key";
    const ways = WAYS.filter((way) => expectedOutcome(deployers, way) === "in");
    const outcomes = await Promise.all(ways.map((way) => tryLogin(deployers, way, 0)));
    return outcomes.every((outcome) => outcome === "in");
  };
  while (!(await isBack())) if (Date.now() > deadline) throw new Error("not back after 180 s");
  listen();
}

/** The matrix as people read it; the last run's stays in `reports/`. */
function writeReport(
  title: string,
  found: Map<string, Outcome>,
  ports: Map<string, number[]>,
): void {
  const names = WAYS.map(nameOf);
  const head = ["login", ...names];
  const rows = Object.keys(LOGINS).map((login) => [
    login,
    ...names.map((name) => found.get(`${name} ${login}`) ?? ""),
  ]);
  const scanned = ["ports that answer", ...names.map((name) => ports.get(name)?.join(" ") ?? "")];
  const table = [head, head.map(() => "---"), ...rows, scanned].map(
    (row) => `| ${row.join(" | ")} |`,
  );
  const reports = join(ROOT, "reports");
  mkdirSync(reports, { recursive: true });
  const file = join(reports, "attack-matrix.md");
  const earlier = title === "after a reboot" ? readFileSync(file, "utf8") : "# Attack matrix\n";
  writeFileSync(file, `${earlier}\n## The environment ${title}\n\n${table.join("\n")}\n`);
}
