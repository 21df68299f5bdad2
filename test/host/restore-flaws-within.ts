/** What can be wrong with what is in an archive: only an engine that loads it can tell. */
import { type Bad, bad, type Forge } from "./restore-flaws";
import { flipped, zeros } from "./restore-forgeries";

const NOISE = Buffer.from(Array.from({ length: 4096 }, (_, index) => (index * index * 31) % 251));

const afterwards =
  (statements: string): Forge =>
  (forger) =>
    forger.forge({ sql: `${forger.sql.toString()}\n${statements}\n` });
const NOT_PROMISED = /what came out of the archive is not what its manifest promises/;
const FAILS = /the archive's SQL does not run: \S+/;
const runs = (statements: string, says = FAILS): Bad => ({
  what: `says ${statements.slice(0, 60)}`,
  forge: afterwards(statements),
  says,
});

/** The throw-away engine's to find; all of these are signed by the stack's own key. */
export const REFUSED_THERE: readonly Bad[] = [
  bad(
    "takes more room than there is",
    { manifest: (manifest) => Object.assign(manifest["sql"] as object, { bytes: 9e14 }) },
    /this takes up to \d+ MB of disk for a while/,
  ),
  {
    ...bad(
      "has other tables and rows",
      {
        manifest: (manifest) => (manifest["tables"] = { todos: 4, users: 0 }),
      },
      /rows differ from the manifest .*< 0\s+users; < 4\s+todos; > 3\s+todos/,
    ),
  },
  {
    ...bad(
      "has another sum of its SQL",
      {
        manifest: (manifest) =>
          Object.assign(manifest["sql"] as object, { sha256: "0".repeat(64) }),
      },
      NOT_PROMISED,
    ),
    verify: true,
  },
  bad("swells to a gigabyte", { pack: () => zeros(2 ** 30) }, NOT_PROMISED),
  {
    ...bad(
      "is neither compressed nor SQL",
      { sql: NOISE, pack: (sql) => sql },
      /rows differ from the manifest/,
    ),
    verify: true,
  },
  bad("is compressed, and no SQL", { sql: "lorem ipsum\n" }, FAILS),
  bad(
    "had a flipped bit in its last piece when it was signed",
    { sql: "-- filler\n".repeat(30_000), pack: (sql) => sql, sealed: flipped(1) },
    /age cannot decrypt it/,
  ),
  runs("USE mysql; UPDATE user SET plugin = 'mysql_no_login';"),
  runs("GRANT ALL ON *.* TO application@'192.168.129.12';"),
  runs("\\! touch /var/lib/stronghold-restore/tmp/was-here"),
  runs("source /etc/hostname"),
  runs("CREATE TABLE more (id INT); DROP DATABASE shop_app;", /rows differ from the manifest/),
  // Only a restore into the live engine has a reason to refuse these.
  runs(
    "CREATE DEFINER = root@localhost TRIGGER t BEFORE INSERT ON todos FOR EACH ROW SET @a = 1;",
    /run with the rights of 'root'@'localhost', an account with power over the whole server/,
  ),
  runs("ALTER TABLE todos ADD COLUMN `a\nb` INT;", /has names with control characters in them/),
];
