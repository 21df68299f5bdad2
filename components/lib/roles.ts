/** What a server is for. */
export type Role = "app" | "database" | "backup";

/** In the order in which they are reached. */
export const ROLES: readonly Role[] = ["app", "database", "backup"];

/** How people and labels call a server, where the role's own name would be long. */
export const SHORT_NAMES: Readonly<Record<Role, string>> = {
  app: "app",
  database: "db",
  backup: "backup",
};
