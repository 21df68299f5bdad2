/** What the servers say of themselves. */
import { CONTROL_PLAN } from "../../components/lib/control-plan";
import { type Role, SHORT_NAMES } from "../../components/lib/roles";
import { UserError } from "../../local/cli/user-error";
import type { Host, Servers } from "../stacks/servers";
import { controlOf, rowsOfChecks, rowsOfControl, withoutRows } from "./promises";
import type { Finding } from "./report";

export const hostOf = (role: Role): Host => SHORT_NAMES[role] as Host;

const AUDIT = "sudo -n /usr/local/sbin/stronghold-audit run";
const UP = "bring the stack up with this version";
/** `up` alone does not run a step again of which nothing has changed. */
const again = (role: Role, control: string): string =>
  `have its step run again: pulumi up --replace '**-${role}-hardening-${control}'`;
const REPAIR = "npm run audit -- --repair";
/** What no control has made, none can put back. */
const BY_HAND = /^AUDIT-(?:0[5-9]|10)$/;
const ACCEPT = "undo it on the server, or have it be so from now on: npm run audit -- --accept";
const LINE = /^(PASS|FAIL|ERROR|SINCE)\t([A-Z-]+-\d\d)\t(.*)$/;
/** Between the promise and what was found instead, which a bracket closes. */
const FOUND = " [";

/** Has one server audit itself; one that cannot be asked is a finding, too. */
export async function ask(servers: Servers, role: Role): Promise<Finding[]> {
  try {
    const { stdout, stderr, code } = await servers.run(hostOf(role), AUDIT);
    if (stdout === "") {
      return [unknown("AUDIT-00", `it did not answer (${code}): ${stderr.trim()}`, UP)];
    }
    return complete(role, findingsIn(stdout, role));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [reason = ""] = error.message.split("\n");
    return [unknown("AUDIT-00", reason, "make it reachable, at its console if need be")];
  }
}

/** The findings in what `stronghold-audit run` prints. */
export function findingsIn(text: string, role: Role): Finding[] {
  const lines = text.split("\n").flatMap((line) => {
    const [, kind = "", id = "", said = ""] = LINE.exec(line) ?? [];
    return kind === "" ? [] : [{ kind, id, said }];
  });
  const since = new Map(
    lines.filter(({ kind }) => kind === "SINCE").map(({ id, said }) => [id, said]),
  );
  const rows = rowsOfChecks();
  return lines
    .filter(({ kind }) => kind !== "SINCE")
    .map(({ kind, id, said }): Finding => {
      const time = since.get(id);
      const dated = time === undefined ? {} : { since: time };
      if (kind === "ERROR" || id.endsWith("-00"))
        return { ...unknown(id, said, again(role, controlOf(id))), ...dated };
      const { promise, found } = parted(said);
      const named = { id, control: controlOf(id), rows: [...(rows.get(id) ?? [])], promise };
      if (kind === "PASS") return { ...named, state: "kept" };
      return {
        ...named,
        state: "broken",
        found: found ?? "it is not so",
        ...dated,
        repair: BY_HAND.test(id) ? ACCEPT : REPAIR,
      };
    });
}

/** What a check says: its rows, then the promise, then what was found in brackets. */
function parted(said: string): { promise: string; found?: string } {
  const text = withoutRows(said);
  const at = text.endsWith("]") ? text.indexOf(FOUND) : -1;
  if (at < 0) return { promise: text };
  return { promise: text.slice(0, at), found: text.slice(at + FOUND.length, -1) };
}

/** Controls of the plan of which a server says nothing at all. */
function complete(role: Role, findings: Finding[]): Finding[] {
  const heard = new Set(findings.map(({ control }) => control));
  const silent = CONTROL_PLAN[role].filter(({ name }) => !heard.has(name));
  return [
    ...findings,
    ...silent.map(({ name }) =>
      unknown(
        `${name.toUpperCase()}-00`,
        "the server knows nothing of this control",
        again(role, name),
      ),
    ),
  ];
}

function unknown(id: string, found: string, repair: string): Finding {
  const control = controlOf(id);
  return {
    id,
    control,
    rows: rowsOfControl(control, rowsOfChecks()),
    promise: `the control ${control} can tell whether its promises are kept`,
    state: "unknown",
    found,
    repair,
  };
}
