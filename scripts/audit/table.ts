/** A report for the terminal. */
import { SHORT_NAMES } from "../../components/lib/roles";
import type { Report, State } from "./report";

const MARKS: Readonly<Record<State, string>> = { kept: "ok", broken: "BROKEN", unknown: "?" };

/** By promises; then, for those not kept, what was found, since when, and what to do. */
export function renderTable(report: Report): string {
  const rows = report.promises.map(
    ({ row, promise, state, checks }) =>
      `${row}  ${MARKS[state].padEnd(6)}  ${String(checks).padStart(3)} checks  ${promise}`,
  );
  const faults = report.servers.flatMap(({ role, findings }) =>
    findings
      .filter(({ state }) => state !== "kept")
      .flatMap(({ id, rows: of, promise, found, since, repair }) => [
        "",
        `${SHORT_NAMES[role]}: ${id} (${of.join(" ")}) ${promise}`,
        `  found:  ${found ?? ""}`,
        ...(since === undefined ? [] : [`  since:  ${since}`]),
        ...(repair === undefined ? [] : [`  repair: ${repair}`]),
      ]),
  );
  return [...rows, ...faults, "", summary(report)].join("\n");
}

export function summary({ stack, state, servers, seconds }: Report): string {
  const findings = servers.flatMap((server) => server.findings);
  const count = (wanted: State): number =>
    findings.filter((finding) => finding.state === wanted).length;
  const all = `${findings.length} checks on ${servers.length} servers in ${seconds.toFixed(1)} s`;
  if (state === "kept") return `${stack} keeps its promises: ${all}.`;
  return `${stack} does not keep its promises: ${count("broken")} broken and ${count("unknown")} unknown of ${all}.`;
}
