/** What the account of a test's cloud holds, by the API that the providers use. */
import { runningDaemon } from "../../local/cli/daemon-control";
import type { TestCloud } from "../e2e/cloud";

interface Account {
  get: (path: string) => Promise<Response>;
  /** As a person deletes something in the vendor's web interface: the stack is not told. */
  remove: (path: string) => Promise<void>;
  /** Labels of all that there is, by kind. */
  holdings: () => Promise<Record<string, string[]>>;
}

const KINDS = ["linode/instances", "networking/firewalls", "domains"] as const;

export function accountOf(cloud: TestCloud): Account {
  const call = (path: string, method = "GET"): Promise<Response> => {
    const daemon = runningDaemon(cloud.paths);
    if (!daemon) throw new Error("the cloud is not up");
    // A command that is waited for keeps this process from noticing that an idle connection ends.
    const headers = { authorization: `Bearer ${daemon.token}`, connection: "close" };
    return fetch(`http://127.0.0.1:${daemon.port}/v4/${path}`, { method, headers });
  };
  const list = async (path: string): Promise<{ label?: string; domain?: string }[]> => {
    const answer = await call(path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return ((await answer.json()) as { data: { label?: string; domain?: string }[] }).data;
  };
  return {
    get: call,
    remove: async (path) => {
      const answer = await call(path, "DELETE");
      if (!answer.ok) throw new Error(`DELETE ${path}: ${answer.status}`);
      while ((await call(path)).status !== 404);
    },
    holdings: async () => {
      const entries = KINDS.map(async (kind) => {
        const found = await list(kind);
        return [kind, found.map(({ label, domain }) => label ?? domain ?? "?").sort()] as const;
      });
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}
