import type { Person } from "./enrolment";
import type { Wall } from "./firewall-rules";
import type { Admin, Alerts } from "./settings";

/** All that the controls of one server are told; `scripts/host` does the rest. */
export interface HostFacts {
  /** Debian packages that the controls say they need. */
  packages: readonly string[];
  /** The account of automation. */
  deployer: string;
  deployerKeys: readonly string[];
  admins: readonly Pick<Admin, "name" | "keys">[];
  /** The admins' initial passwords and second factors on this server; secret. */
  people: readonly Person[];
  /** Whether an initial password has to be changed at the first login. */
  changeAtFirstUse: boolean;
  /** What happens to a person who has no second factor. */
  unenrolled: "refuse" | "keyOnly";
  /** Names or addresses of the servers that the clock follows. */
  timeServers: readonly string[];
  /** Networks from which the deployer logs in. */
  deployerFrom: readonly string[];
  /** The one `address:port` that may be reached through this server's SSH; empty for none. */
  permitOpen: string;
  /** The next server as lines of `known_hosts`; empty for none. */
  nextServer: string;
  /** What may come in and go out. */
  wall: Wall;
  /** Who is told of logins; holds secrets. */
  alerts: Alerts;
}

/** What a control reads on stdin; values whose names end in _B64 may have several lines. */
export type Parameters = Readonly<Record<string, string>>;

/** One concern of a server: `scripts/host/controls/<name>.sh` with what it is told. */
export interface Control<Need extends keyof HostFacts = keyof HostFacts> {
  name: string;
  /** Whether it could lock the operator out, so that a new connection has to confirm it. */
  confirmed: boolean;
  /** The facts that its parameters are made of; it waits for no others. */
  needs: readonly Need[];
  parameters: (facts: Pick<HostFacts, Need>) => Parameters;
}
