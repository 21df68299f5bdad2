/** Rules about servers. */
import { ROLES } from "../../components/lib/roles";
import { type Declared, FIREWALL, INSTANCE, type Rule, unless } from "./rule";

/** Servers that hold what nothing else holds. */
const WITH_DATA = ["database", "backup"];

/** Inputs by whose change the provider makes a server anew, and which nobody needs to change. */
const BIRTH_ONLY = [
  "authorizedKeys",
  "authorizedUsers",
  "metadatas",
  "rootPass",
  "stackscriptData",
  "stackscriptId",
];

const tagsOf = ({ props }: Declared): string[] => (props["tags"] ?? []) as string[];

const holdsData = (server: Declared): boolean =>
  tagsOf(server).some((tag) => WITH_DATA.includes(tag));

const ofServers =
  (faults: Rule["faults"]): Rule["faults"] =>
  (resource) =>
    resource.type === INSTANCE ? faults(resource) : [];

export const SERVERS: readonly Rule[] = [
  {
    name: "server-behind-firewall",
    description: "No server is ever up without its Cloud Firewall (catalogue G02).",
    repair: "Make the linode.Firewall first and hand its id to the server as firewallId.",
    // Whether it is there, not what it is: before the first update nobody knows.
    faults: ofServers(({ props }) => unless("firewallId" in props, "it has no firewallId")),
  },
  {
    name: "disk-encrypted",
    description: "The disks of every server are encrypted (catalogue H08).",
    repair: 'Set diskEncryption: "enabled".',
    faults: ofServers(({ props }) =>
      unless(props["diskEncryption"] === "enabled", "its disks are not said to be encrypted"),
    ),
  },
  {
    name: "data-protected",
    description: "A server that holds data is not deleted or replaced by a slip.",
    repair: "Set the option protect: true; `npm run replace` is the way to replace one.",
    faults: ofServers((server) =>
      unless(!holdsData(server) || server.protect, "it is not protected"),
    ),
  },
  {
    name: "data-not-replaced",
    description: "No setting that matters at birth only can replace a server that holds data.",
    repair: "Name it in the option ignoreChanges.",
    faults: ofServers((server) => {
      const { props, ignoreChanges } = server;
      if (!holdsData(server)) return [];
      const risky = BIRTH_ONLY.filter((key) => key in props && !ignoreChanges.includes(key));
      return risky.map((key) => `a change of its ${key} would make it anew`);
    }),
  },
  {
    name: "labels-and-tags",
    description: "Everything that costs or guards can be found in the account by stack and role.",
    repair:
      "Give it a label and the tags <project>, <project>-<stack>, and app, database or backup.",
    faults: (resource) => {
      if (resource.type !== INSTANCE && resource.type !== FIREWALL) return [];
      const [, , stack = "", project = ""] = resource.urn.split(/::?/);
      const tags = tagsOf(resource);
      const missing = [project, `${project}-${stack}`].filter((tag) => !tags.includes(tag));
      return [
        ...unless("label" in resource.props, "it has no label"),
        ...missing.map((tag) => `it lacks the tag ${tag}`),
        ...unless(ROLES.filter((role) => tags.includes(role)).length === 1, "no tag says its role"),
      ];
    },
  },
];
