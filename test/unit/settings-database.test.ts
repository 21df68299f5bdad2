/** What the database may be made of, and the exact words of each refusal. */
import { type DatabaseSettings, parseSettings } from "../../components/lib/settings";
import { faultsOf, goodSettings } from "./fixtures/settings";

const ISSUE = "an issue is a whole number from 1; a higher one makes";
const SCHEMA =
  "a schema's name begins with a lower-case letter and has lower-case letters, digits and underscores, at most 32 " +
  "characters; choose another name";
const SUITE =
  "a suite is the code name of a release of Debian in lower-case letters; write for example sid";
const MARIADB_SOURCE =
  "is not allowed: MariaDB comes from the archive of the server's own release; write archive or leave it out";

function databaseOf(database: object): DatabaseSettings {
  return parseSettings({ ...goodSettings(), database }).database;
}

/** What is given as `database`, and the one line that comes of it. */
const ROWS: [given: object, line: string][] = [
  [{ engine: "postgres" }, 'database.engine: "postgres" is not allowed: write mysql or mariadb'],
  [{ engine: 8 }, "database.engine: 8 is not allowed: write mysql or mariadb"],
  [
    { source: "vendor" },
    "database.source: a text is not allowed: an object with kind, suite and expired; write for example {kind: vendor}, or leave it out",
  ],
  [
    { source: { url: "https://example.org" } },
    "database.source.url: is not a setting: database.source has kind, suite, expired; correct the name or remove it",
  ],
  [
    { source: { kind: "ppa" } },
    'database.source.kind: "ppa" is not allowed: write vendor, suite or archive',
  ],
  [
    { source: { kind: "archive" } },
    'database.source.kind: "archive" is not allowed: Debian 13 has no MySQL of its own; write vendor for the packages of MySQL\'s maker, suite for those of a newer release of Debian, or engine: mariadb',
  ],
  [
    { engine: "mariadb", source: { kind: "vendor" } },
    `database.source.kind: "vendor" ${MARIADB_SOURCE}`,
  ],
  [
    { engine: "mariadb", source: { kind: "suite", suite: "sid" } },
    `database.source.kind: "suite" ${MARIADB_SOURCE}`,
  ],
  [
    { source: { kind: "suite" } },
    "database.source.suite: is missing: the code name of the release of Debian that the packages come from; write for example sid",
  ],
  [
    { image: "linode/ubuntu24.04", source: { kind: "suite", suite: "resolute" } },
    'database.source.kind: "suite" is not allowed: Ubuntu has MySQL in the archive of the server\'s own release; write archive or leave it out',
  ],
  [
    { image: "linode/ubuntu26.04", source: { suite: "sid" } },
    "database.source.suite: a suite is not allowed: the source is archive, which has none; write kind: suite or remove it",
  ],
  [
    { source: { suite: "sid" } },
    "database.source.suite: a suite is not allowed: the source is vendor, which has none; write kind: suite or remove it",
  ],
  [
    { engine: "mariadb", source: { suite: "sid" } },
    "database.source.suite: a suite is not allowed: the source is archive, which has none; write kind: suite or remove it",
  ],
  ...["Sid", "sid main", "sid/updates", "", "a".repeat(21)].map((suite): [object, string] => [
    { source: { kind: "suite", suite } },
    `database.source.suite: "${suite}" is not allowed: ${SUITE}`,
  ]),
  [
    { source: { expired: true } },
    "database.source.expired: true is not allowed: write refuse or accept",
  ],
  ...["App", "1app", "my-app", "app;drop", "", "a".repeat(33)].map((schema): [object, string] => [
    { schema },
    `database.schema: "${schema}" is not allowed: ${SCHEMA}`,
  ]),
  ...["mysql", "sys", "information_schema", "performance_schema", "test"].map(
    (schema): [object, string] => [
      { schema },
      `database.schema: "${schema}" is not allowed: this name belongs to the database system; choose the name of your application`,
    ],
  ),
  ...[0, -1, 1.5, 10_000].flatMap((issue): [object, string][] => [
    [
      { passwords: { issue } },
      `database.passwords.issue: ${issue} is not allowed: ${ISSUE} new passwords for the application and deployments`,
    ],
    [
      { certificates: { issue } },
      `database.certificates.issue: ${issue} is not allowed: ${ISSUE} a new authority and a new certificate`,
    ],
  ]),
  [
    { passwords: { issue: "2" } },
    "database.passwords.issue: a text is not allowed: the number of the passwords of the application and deployments; raise it by 1 for new ones",
  ],
  [
    { passwords: { previous: "drop" } },
    'database.passwords.previous: "drop" is not allowed: write keep or retire',
  ],
  [
    { passwords: { application: "x" } },
    "database.passwords.application: is not a setting: database.passwords has issue, previous; correct the name or remove it",
  ],
  [
    { auditLog: "yes" },
    "database.auditLog: a text is not allowed: true or false; leave it out for false",
  ],
];

describe("the database", () => {
  it("comes from the engine's usual source", () => {
    expect(databaseOf({}).source).toEqual({ kind: "vendor", expired: "refuse" });
    expect(databaseOf({ engine: "mariadb" }).source).toEqual({
      kind: "archive",
      expired: "refuse",
    });
    const source = { expired: "accept" };
    expect(databaseOf({ engine: "mariadb", source }).source).toEqual({
      kind: "archive",
      ...source,
    });
  });

  it.each(["linode/ubuntu24.04", "linode/ubuntu26.04"])(
    "is the archive's own MySQL on %s, and may be the maker's or MariaDB",
    (image) => {
      const kindOf = (more: object): string => databaseOf({ image, ...more }).source.kind;
      expect(kindOf({})).toBe("archive");
      expect(kindOf({ source: { kind: "archive" } })).toBe("archive");
      expect(kindOf({ source: { kind: "vendor" } })).toBe("vendor");
      expect(kindOf({ engine: "mariadb" })).toBe("archive");
    },
  );

  it("may be MySQL from the archive on an image of the operator's own", () => {
    const { source } = databaseOf({ image: "private/12", source: { kind: "archive" } });
    expect(source.kind).toBe("archive");
  });

  it("may keep the passwords before the first, of which there are none", () => {
    const passwords = { issue: 1, previous: "keep" };
    expect(databaseOf({ passwords }).passwords).toEqual(passwords);
  });

  it("may have a schema of 32 characters", () => {
    const schema = `a${"_".repeat(31)}`;
    expect(databaseOf({ schema }).schema).toBe(schema);
  });

  it.each(ROWS)("%#: %j is refused in one line", (database, line) => {
    expect(faultsOf({ ...goodSettings(), database })).toEqual([line]);
  });

  it("is told of all its faults at once", () => {
    const database = {
      type: "x",
      source: { kind: "archive", suite: "sid", expired: "maybe" },
      schema: "test",
      certificates: { issue: 0 },
    };
    const faults = faultsOf({ ...goodSettings(), database });
    expect(faults.map((line) => line.split(":")[0])).toEqual([
      "database.type",
      "database.source.expired",
      "database.schema",
      "database.certificates.issue",
      "database.source.kind",
      "database.source.suite",
    ]);
  });
});
