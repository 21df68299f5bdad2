/**
 * The audit's own test: a live environment is broken in every way that we could think of, one at a time, and each
 * time the whole audit of that server has to name the right checks and no other. An ordinary run takes one way to
 * turn each check red, a thorough one all that there are.
 */
import { ROLES } from "../../components/lib/roles";
import { rowsOfChecks } from "../../scripts/audit/promises";
import { TestCloud } from "../e2e/cloud";
import { THOROUGH } from "../thorough";
import { firstOfEachCheck, MUTATIONS } from "./mutations";
import { MutableServer } from "./servers";

const cloud = new TestCloud("mutation");
const servers = new Map<string, MutableServer>();
const rows = THOROUGH ? MUTATIONS : firstOfEachCheck();
let named = 0;

beforeAll(async () => {
  cloud.down();
  cloud.up();
  for (const role of ROLES) servers.set(role, await MutableServer.of(cloud.paths, role));
}, 1200_000);

afterAll(() => {
  const all = ROLES.reduce((sum, role) => sum + rows[role].length, 0);
  process.stdout.write(
    `mutations: ${String(named)} of ${String(all)} were named, and nothing else\n`,
  );
  cloud.down();
}, 180_000);

describe.each(ROLES)("the audit of the %s server", (role) => {
  const server = (): MutableServer => {
    const found = servers.get(role);
    if (found === undefined) throw new Error(`there is no ${role} server`);
    return found;
  };

  it("finds nothing wrong with it", () => {
    expect(server().findings()).toEqual([]);
  }, 120_000);

  it.each(rows[role].map((mutation) => [mutation.what, mutation] as const))(
    "names: %s",
    (_what, mutation) => {
      const found = server().findingsWith(mutation);
      expect(found).toEqual([...mutation.names].sort());
      named += 1;
    },
    300_000,
  );

  it("finds nothing wrong with it once all of that is undone", () => {
    expect(server().findings()).toEqual([]);
  }, 120_000);
});

/**
 * What no change by hand can turn red here; the tests of their controls do: somebody who has left has to have been
 * there, initial passwords may be kept on the local cloud, and a vault is full when the disk is.
 */
const ELSEWHERE: readonly string[] = ["ACCOUNTS-09", "PASSWORDS-06", "VAULT-07"];

it("turns every check red once", () => {
  const red = ROLES.flatMap((role) => rows[role].flatMap(({ names }) => names));
  const never = [...rowsOfChecks().keys()].filter((id) => !red.includes(id));
  expect(never).toEqual(ELSEWHERE);
});
