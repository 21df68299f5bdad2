/** What the program makes for each person: drawn once, drawn anew when it is asked for, never in clear. */
import { otpauthUri, secretFrom } from "../../components/lib/enrolment";
import { ADMIN_KEY, recordEnvironment, revealed } from "./environment-fixture";
import { type Recording, seedOf } from "./recorder";

const HASH = `$y$j9T$${"a".repeat(22)}$${"b".repeat(43)}`;

function recordPerson(over: object): Promise<Recording> {
  return recordEnvironment({ admins: [{ name: "ada", keys: [ADMIN_KEY], ...over }] });
}

/** What was drawn for the person on the app server, with the inputs. */
function drawn(recording: Recording): Record<string, unknown> {
  const prefix = "environment-app-person-ada-";
  const own = recording.resources.filter(({ name }) => name.startsWith(prefix));
  return Object.fromEntries(own.map(({ name, inputs }) => [name.slice(prefix.length), inputs]));
}

function handed(recording: Recording): unknown {
  const enrolments = revealed(recording.outputs["enrolments"]) as Record<string, object>;
  return (enrolments["app"] as Record<string, unknown>)["ada"];
}

it("draws a password that the servers' own rules would let through, a secret and scratch codes", async () => {
  expect(drawn(await recordPerson({}))).toEqual({
    password: {
      length: 20,
      overrideSpecial: "-_.+=%",
      minLower: 2,
      minUpper: 1,
      minNumeric: 1,
      minSpecial: 1,
      keepers: { issue: "1" },
    },
    "totp-secret": { length: 64, special: false, keepers: { enrolment: "1" } },
    "scratch-codes": { length: 64, special: false, keepers: { enrolment: "1" } },
  });
});

it("draws the secret and the scratch codes anew for a later enrolment, and leaves the password", async () => {
  expect(drawn(await recordPerson({ enrolment: 2 }))).toMatchObject({
    password: { keepers: { issue: "1" } },
    "totp-secret": { keepers: { enrolment: "2" } },
    "scratch-codes": { keepers: { enrolment: "2" } },
  });
});

it("draws the password anew for a later issue, and leaves the second factor", async () => {
  expect(drawn(await recordPerson({ passwordIssue: 3 }))).toMatchObject({
    password: { keepers: { issue: "3" } },
    "totp-secret": { keepers: { enrolment: "1" } },
  });
});

it("draws no password where the operator has set one, and hands none over", async () => {
  const recording = await recordPerson({ passwordHash: HASH });
  expect(Object.keys(drawn(recording)).sort()).toEqual(["scratch-codes", "totp-secret"]);
  expect(handed(recording)).not.toHaveProperty("password");
  expect(JSON.stringify(recording.resources)).not.toContain(HASH);
});

it("draws no second factor for a person who is not enrolled", async () => {
  const recording = await recordPerson({ enrolment: 0 });
  expect(Object.keys(drawn(recording))).toEqual(["password"]);
  expect(handed(recording)).toEqual({
    password: "canary-password-of-environment-app-person-ada-password",
  });
});

it("shares nothing between the servers", async () => {
  const recording = await recordEnvironment();
  const enrolments = revealed(recording.outputs["enrolments"]) as Record<string, object>;
  const secretOn = (role: string): string =>
    secretFrom(seedOf(`environment-${role}-person-ada-totp-secret`, 20));
  expect(enrolments).toMatchObject({
    app: { ada: { uri: otpauthUri("stronghold-test-app", "ada", secretOn("app")) } },
    database: { ada: { uri: otpauthUri("stronghold-test-db", "ada", secretOn("database")) } },
  });
  expect(secretOn("app")).not.toBe(secretOn("database"));
});
