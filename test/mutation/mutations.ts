/** All mutations, by the server on which each is made: every control is broken where it is at home. */
import type { Role } from "../../components/lib/roles";
import { APPLICATION } from "./application";
import { BACKUPS, DATABASE, DATABASE_CLIENT, VAULT } from "./data";
import { FIREWALL, SSH } from "./doors";
import { DRIFT } from "./drift";
import type { Mutation } from "./mutation";
import { ACCOUNTS, PASSWORDS, TWO_FACTOR } from "./people";
import { SYSTEM } from "./system";
import { CLOCK, LOGIN_ALERTS, PACKAGES, SELF } from "./watch";

export const MUTATIONS: Readonly<Record<Role, readonly Mutation[]>> = {
  app: [...SSH, ...FIREWALL, ...TWO_FACTOR, ...DATABASE_CLIENT, ...APPLICATION, ...DRIFT],
  database: [...PASSWORDS, ...DATABASE, ...BACKUPS],
  backup: [...SYSTEM, ...ACCOUNTS, ...CLOCK, ...LOGIN_ALERTS, ...PACKAGES, ...SELF, ...VAULT],
};

/** Those that turn a check red which none before them does: as few as turn every check red once. */
export function firstOfEachCheck(): Readonly<Record<Role, readonly Mutation[]>> {
  const red = new Set<string>();
  const first = (mutations: readonly Mutation[]): Mutation[] =>
    mutations.filter(({ names }) => {
      const before = red.size;
      for (const id of names) red.add(id);
      return red.size > before;
    });
  const { app, database, backup } = MUTATIONS;
  return { app: first(app), database: first(database), backup: first(backup) };
}
