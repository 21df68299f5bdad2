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
