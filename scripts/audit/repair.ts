/** Mends what an audit has found, with what each control was last applied. */
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import type { Role } from "../../components/lib/roles";
import type { Progress } from "../../local/cli/progress";
import type { RemoteResult, Servers } from "../stacks/servers";
import { hostOf } from "./ask";
import type { Finding } from "./report";

/** The controls of a server with something to mend, the audit's own first: the others' word hangs on it. */
export function controlsToMend(role: Role, findings: readonly Finding[]): string[] {
  const broken = new Set(
    findings.filter(({ state }) => state === "broken").map(({ control }) => control),
  );
  // The host's own firewall is what answers to the outside.
  if (broken.delete("outside")) broken.add("firewall");
  const order = ["audit", ...CONTROL_PLAN[role].map(({ name }) => name)];
  return [...new Set(order)].filter((name) => broken.has(name));
}

/** Has every server take what was changed on it by hand for what shall be, and tells what that was. */
export async function accept(servers: Servers, progress: Progress, role: Role): Promise<void> {
  const line = "sudo -n /usr/local/sbin/stronghold-audit accept";
  tell(progress, role, "audit", await servers.run(hostOf(role), line));
}

/**
 * Applies them one after the other; what could lock the operator out is confirmed over a new connection, or
 * rolls itself back.
 */
export async function repair(
  servers: Servers,
  progress: Progress,
  { role, controls }: { role: Role; controls: readonly string[] },
): Promise<void> {
  for (const name of controls) {
    const control = CONTROL_PLAN[role].find((other) => other.name === name);
    for (const verb of ["apply", ...(control?.confirmed === true ? ["confirm"] : [])]) {
      const line = `sudo -n bash /home/${servers.deployer}/host/driver --remembered ${verb} ${name} repair`;
      tell(progress, role, name, await servers.run(hostOf(role), line));
    }
  }
}

function tell(progress: Progress, role: Role, control: string, ran: RemoteResult): void {
  for (const [, text = ""] of ran.stdout.matchAll(/^CHANGED\t[^\t]*\t(.*)$/gm)) {
    progress.line(role, `${control}: ${text}`);
  }
  if (ran.code > 1) progress.line(role, `${control}: ${ran.stderr.trim()}`);
}
