/** One audit: every server and the look from outside, side by side. */
import { writeFileSync } from "node:fs";

import { ROLES } from "../../components/lib/roles";
import { Progress } from "../../local/cli/progress";
import { fileStack } from "../stacks/file-stack";
import { findStack } from "../stacks/find";
import { Servers } from "../stacks/servers";
import type { Stack } from "../stacks/stack";
import { asTyped } from "../typed-path";
import { ask } from "./ask";
import { judgeDomain } from "./domain";
import { History } from "./history";
import { renderHtml } from "./html";
import { renderInventory, takeInventory } from "./inventory";
import { judge, knock } from "./outside";
import { PROMISES } from "./promises";
import { accept, controlsToMend, repair } from "./repair";
import { exitCodeOf, type PromiseReport, type Report, REPORT_VERSION, worst } from "./report";
import { renderSarif } from "./sarif";
import { renderTable, summary } from "./table";

export interface AuditOptions {
  stack?: string;
  outputs?: string;
  json?: boolean;
  sarif?: string;
  html?: string;
  everyPort?: boolean;
  repair?: boolean;
  accept?: boolean;
}

export interface InventoryOptions {
  stack?: string;
  outputs?: string;
  json?: boolean;
  cyclonedx?: string;
}

/** Shows what the environment consists of. */
export async function inventory(options: InventoryOptions): Promise<void> {
  const stack = stackOf(options);
  const servers = new Servers(stack);
  try {
    const taken = await takeInventory(stack.name, servers);
    if (options.cyclonedx !== undefined) {
      // Its library is large, and nothing else here takes it.
      const { renderCycloneDx } = await import("./cyclonedx.js");
      write(options.cyclonedx, renderCycloneDx(taken));
    }
    console.log(options.json === true ? JSON.stringify(taken, null, 2) : renderInventory(taken));
  } finally {
    servers.close();
  }
}

function stackOf({ stack, outputs }: { stack?: string; outputs?: string }): Stack {
  return outputs === undefined ? findStack(stack) : fileStack(outputs);
}

/** It names what is wrong: for the operator's eyes. */
function write(file: string, text: string): void {
  writeFileSync(asTyped(file), text, { mode: 0o600 });
}

/** Audits, shows it, and ends with 0 if all is kept, 1 if not, 2 if something could not be looked at. */
export async function audit(options: AuditOptions): Promise<void> {
  const stack = stackOf(options);
  const servers = new Servers(stack);
  const progress = new Progress(options.json);
  const history = new History(stack.name);
  try {
    if (options.accept === true) {
      await Promise.all(ROLES.map((role) => accept(servers, progress, role)));
    }
    let report = await look(stack, servers, options.everyPort === true);
    history.keep(report);
    if (options.repair === true && report.state !== "kept") {
      await mend(servers, report, progress);
      report = await look(stack, servers, options.everyPort === true);
      history.keep(report);
    }
    show(report, history, options);
    process.exitCode = exitCodeOf(report.state);
  } finally {
    servers.close();
  }
}

function show(report: Report, history: History, { json, sarif, html }: AuditOptions): void {
  if (sarif !== undefined) write(sarif, `${JSON.stringify(renderSarif(report), null, 2)}\n`);
  if (html !== undefined) write(html, renderHtml(report, history.read()));
  console.log(json === true ? JSON.stringify(report, null, 2) : renderTable(report));
}

async function mend(servers: Servers, report: Report, progress: Progress): Promise<void> {
  progress.line("audit", summary(report));
  await Promise.all(
    report.servers.map(({ role, findings }) =>
      repair(servers, progress, { role, controls: controlsToMend(role, findings) }),
    ),
  );
}

async function look(stack: Stack, servers: Servers, everyPort: boolean): Promise<Report> {
  const began = new Date();
  const { outputs } = servers;
  const addresses = ROLES.flatMap((role) =>
    [outputs[role].publicIPv4, outputs[role].publicIPv6].filter((address) => address !== ""),
  );
  const [answers, domain, ...told] = await Promise.all([
    knock(stack.ssh, addresses, everyPort),
    judgeDomain(outputs.app.domainName, began),
    ...ROLES.map((role) => ask(servers, role)),
  ]);
  const reports = ROLES.map((role, index) => {
    const { label, publicIPv4, publicIPv6, privateIPv4 } = outputs[role];
    const own = answers.filter(({ address }) => [publicIPv4, publicIPv6].includes(address));
    const findings = [...(told[index] ?? []), judge(role, own)];
    if (role === "app" && domain !== undefined) findings.push(domain);
    return { role, label, publicIPv4, publicIPv6, privateIPv4, answers: own, findings };
  });
  return {
    reportVersion: REPORT_VERSION,
    stack: stack.name,
    time: began.toISOString(),
    seconds: (Date.now() - began.getTime()) / 1000,
    state: worst(reports.flatMap(({ findings }) => findings.map(({ state }) => state))),
    servers: reports,
    promises: promisesIn(reports),
  };
}

/** The same by the catalogue's rows. */
export function promisesIn(servers: Report["servers"]): PromiseReport[] {
  return Object.entries(PROMISES).flatMap(([row, promise]) => {
    const checks = servers.flatMap(({ role, findings }) =>
      findings
        .filter(({ rows }) => rows.includes(row))
        .map(({ id, state }) => ({ role, id, state })),
    );
    if (checks.length === 0) return [];
    const broken = checks.filter(({ state }) => state !== "kept");
    return [
      {
        row,
        promise,
        state: worst(checks.map(({ state }) => state)),
        checks: checks.length,
        broken: broken.map(({ role, id }) => ({ role, id })),
      },
    ];
  });
}
