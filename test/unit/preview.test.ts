/** What a preview makes of plans, prices and settings. The whole command is preview-command.test.ts's. */
import type { Plan } from "../../local/runner/plan";
import { changesBetween } from "../../scripts/preview/compare";
import { costOf, type TypePrice } from "../../scripts/preview/cost";
import type { Preview } from "../../scripts/preview/preview";
import { renderMarkdown, renderText } from "../../scripts/preview/render";
import { standIn } from "../../scripts/preview/stand-ins";
import { parseSettings } from "../../components/lib/settings";
import { ed25519Line } from "./fixtures/keys";
import { RECIPIENT } from "./fixtures/settings";

const INSTANCE = "linode:index/instance:Instance";
const COMMAND = "command:remote:Command";

const node = (name: string, type: string, over: Partial<Plan> = {}): Plan => ({
  ...{ name, type, component: false, protect: false, inputs: {}, faults: [], children: [] },
  ...over,
});

const stack = (...children: Plan[]): Plan =>
  node("stack", "pulumi:pulumi:Stack", { component: true, children });

const server = (digests: Record<string, string>, over: Partial<Plan> = {}): Plan =>
  node("app", INSTANCE, { digests, ...over });

const step = (digests: Record<string, string>, ...parameters: [string, string][]): Plan =>
  node("clock", COMMAND, {
    digests,
    step: {
      ...{ verb: "apply", control: "clock" },
      parameters: parameters.map(([name, value]) => ({ name, value })),
    },
  });

describe("what changes", () => {
  const rows: [string, Plan[], Plan[], string[]][] = [
    ["nothing", [server({ type: "a" })], [server({ type: "a" })], []],
    ["a new server", [], [server({})], ["add app "]],
    ["a server taken away", [server({})], [], ["remove app "]],
    ["a size", [server({ type: "a" })], [server({ type: "b" })], ["change app type"]],
    ["an image", [server({ image: "a" })], [server({ image: "b" })], ["replace app image"]],
    ["a region", [server({ region: "a" })], [server({ region: "b" })], ["replace app region"]],
    ["an input more", [server({})], [server({ tags: "b" })], ["change app tags"]],
    [
      "a parameter",
      [step({ stdin: "a" }, ["SERVERS", "one"], ["OTHER", "x"])],
      [step({ stdin: "b" }, ["SERVERS", "two"], ["OTHER", "x"])],
      ["change clock SERVERS"],
    ],
    [
      "a secret",
      [step({ stdin: "a" }, ["PASSWORD", "[secret]"])],
      [step({ stdin: "b" }, ["PASSWORD", "[secret]"])],
      ["change clock a secret parameter"],
    ],
    [
      "a control's files",
      [step({ create: "a", update: "a" })],
      [step({ create: "b", update: "b" })],
      ["change clock its files"],
    ],
    [
      "a key",
      [step({ connection: "a" })],
      [step({ connection: "b" })],
      ["change clock the way in"],
    ],
  ];

  it.each(rows)("%s", (_, before, after, expected) => {
    const found = changesBetween(stack(...before), stack(...after));
    expect(
      found.map(({ what, name, fields }) => [what, name, fields.join(", ")].join(" ")),
    ).toEqual(expected);
  });

  it("finds resources however deep they lie, and no components", () => {
    const deep = stack(
      node("it", "stronghold:index:Server", { component: true, children: [server({})] }),
    );
    expect(changesBetween(stack(), deep).map(({ name }) => name)).toEqual(["app"]);
  });
});

describe("the cost", () => {
  const price = (id: string, monthly: number, backups: number): TypePrice => ({
    id,
    price: { monthly },
    region_prices: [{ id: "br-gru", monthly: monthly * 2 }],
    addons: {
      backups: {
        price: { monthly: backups },
        region_prices: [{ id: "br-gru", monthly: backups * 3 }],
      },
    },
  });
  const prices = [price("small", 5, 2), price("large", 12, 2.5)];
  const priced = (inputs: Plan["inputs"]): Plan => node("app", INSTANCE, { inputs });

  it.each<[string, Plan["inputs"][], number]>([
    ["nothing", [], 0],
    [
      "two servers",
      [
        { type: "small", region: "us-east" },
        { type: "large", region: "us-east" },
      ],
      17,
    ],
    ["the provider's backups", [{ type: "small", region: "us-east", backupsEnabled: true }], 7],
    ["backups that are off", [{ type: "small", region: "us-east", backupsEnabled: false }], 5],
    [
      "a region with its own price",
      [{ type: "large", region: "br-gru", backupsEnabled: true }],
      31.5,
    ],
  ])("of %s", (_, inputs, monthly) => {
    expect(costOf(stack(...inputs.map(priced)), prices).monthly).toBe(monthly);
  });

  it("of a plan that the provider does not have is an error, not nothing", () => {
    expect(() => costOf(stack(priced({ type: "huge", region: "us-east" })), prices)).toThrow(
      "huge",
    );
  });
});

describe("settings with secrets", () => {
  const SECURE = { secure: "v1:canary-3c9d:abcd" };
  const settings = {
    ssh: { allowFrom: ["203.0.113.10/32"] },
    admins: [{ name: "ada", keys: [ed25519Line(1)], passwordHash: SECURE }],
    deployer: { keys: [ed25519Line(2)] },
    alerts: {
      mail: {
        ...{ relay: "smtp.example.org:587", from: "a@example.org", to: ["b@example.org"] },
        ...{ user: SECURE, password: SECURE },
      },
      slack: { webhook: SECURE },
      pushover: { token: SECURE, user: SECURE },
    },
    backup: { recipients: [RECIPIENT] },
    deployerPrivateKey: SECURE,
  };
  const qualified = Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [`stronghold:${key}`, value]),
  );
  const text = JSON.stringify({ encryptionsalt: "v1:salt", config: qualified });

  it("have stand-ins that the program takes, and tell which", () => {
    const { settings: read, paths } = standIn(text, "Pulumi.prod.yaml");
    expect(JSON.stringify(read)).not.toMatch(/canary|secure|salt"/);
    const plain = Object.entries(read.config).map(([key, value]) => [key.split(":")[1], value]);
    expect(() => parseSettings(Object.fromEntries(plain))).not.toThrow();
    expect(paths).toEqual([
      "stronghold:admins[0].passwordHash",
      "stronghold:alerts.mail.user",
      "stronghold:alerts.mail.password",
      "stronghold:alerts.slack.webhook",
      "stronghold:alerts.pushover.token",
      "stronghold:alerts.pushover.user",
      "stronghold:deployerPrivateKey",
    ]);
  });

  it("are refused where a whole setting is one", () => {
    const whole = JSON.stringify({
      config: { "stronghold:alerts": SECURE, "stronghold:admins": SECURE },
    });
    expect(() => standIn(whole, "Pulumi.prod.yaml")).toThrow(
      "Pulumi.prod.yaml: stronghold:alerts, stronghold:admins: a whole setting is encrypted",
    );
  });

  it.each(["a: b: c", "\t- x", "["])("are refused if they are no YAML: %j", (wrong) => {
    expect(() => standIn(wrong, "Pulumi.prod.yaml")).toThrow("Pulumi.prod.yaml is not YAML");
  });
});

describe("for people", () => {
  const cost = (monthly: number) => ({
    monthly,
    servers: [{ name: "app", type: "small", monthly }],
  });
  const shown: Preview = {
    stack: "prod",
    base: "origin/main",
    changes: [
      { what: "replace", name: "db", type: INSTANCE, fields: ["image"], protected: true },
      {
        what: "change",
        name: "clock",
        type: COMMAND,
        control: "clock",
        fields: ["SERVERS"],
        protected: false,
      },
    ],
    cost: { after: cost(17), before: cost(5) },
    faults: [],
    notices: ["warning: @everyone <img src=x> [a](b) | c"],
    standIns: ["stronghold:alerts.mail.password"],
    engine: "The Pulumi CLI was not asked.",
  };

  it("says what happens, what it costs and what is lost", () => {
    expect(renderText(shown)).toBe(
      [
        'The stack "prod", compared with origin/main:',
        "  ! REPLACE  db (Instance)          image, and all its steps run again, PROTECTED: the engine will refuse this",
        "  ~ change   clock (control clock)  SERVERS",
        "1 to change in place, 1 to REPLACE.",
        "",
        "Policies: all kept.",
        "Monthly cost: $17.00, $12.00 more than before (app small $17.00).",
        "The Pulumi CLI was not asked.",
        "warning: @everyone <img src=x> [a](b) | c",
        "Secrets are not known here; something stands in for stronghold:alerts.mail.password.",
      ].join("\n"),
    );
  });

  it("lets nothing that a program logs act in a comment", () => {
    const text = renderMarkdown(shown);
    expect(text).toContain("- warning: \\@everyone \\<img src=x\\> \\[a\\](b) \\| c\n");
    expect(text).toContain(
      "| `! REPLACE` | db (Instance) | image, and all its steps run again, PROTECTED",
    );
  });

  it.each<[string, Partial<Preview>, string]>([
    ["nothing changes", { changes: [] }, "Nothing changes."],
    ["there is nothing to compare with", { base: undefined }, "2 resources in all."],
    [
      "prices cannot be had",
      { cost: { unknown: "as it is late" } },
      "Monthly cost: not known, as it is late.",
    ],
    ["it costs the same", { cost: { after: cost(5), before: cost(5) } }, "$5.00, as before"],
    [
      "it costs less",
      { cost: { after: cost(5), before: cost(9) } },
      "$5.00, $4.00 less than before",
    ],
    [
      "a policy is broken",
      { faults: ["app: rule: it is so"] },
      "REFUSED:\n  - app: rule: it is so",
    ],
  ])("says so when %s", (_, over, expected) => {
    expect(renderText({ ...shown, ...over })).toContain(expected);
    expect(renderMarkdown({ ...shown, ...over })).toContain(expected.split("\n")[0]);
  });
});
