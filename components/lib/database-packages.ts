import type { DatabaseEngine, DatabaseSettings } from "./settings";

type Source = DatabaseSettings["source"];

/** The Debian packages of the engine's server and client, by where they come from (catalogue G13). */
export function databasePackages(engine: DatabaseEngine, kind: Source["kind"]): string[] {
  switch (engine) {
    case "mariadb":
      return ["mariadb-server", "mariadb-client"];
    case "mysql":
      return kind === "vendor"
        ? ["mysql-community-server", "mysql-community-client"]
        : ["mysql-server", "mysql-client"];
    default:
      return engine satisfies never;
  }
}

/** The source in the words of the control `packages`. */
export function sourceParameter({ kind, suite = "" }: Source): string {
  return kind === "suite" ? `suite:${suite}` : kind;
}
