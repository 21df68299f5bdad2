/** A report as SARIF 2.1.0, for code scanning: a result is a promise that is not kept on a server. */
import { existsSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import { BUNDLE_DIR, PROMISES } from "./promises";
import type { Finding, Report, ServerReport } from "./report";

const ROOT = resolve(__dirname, "..", "..");
/** Where whoever reads the result finds out what the control does. */
const OUTSIDE = "scripts/audit/outside.ts";

export function renderSarif(report: Report): object {
  const findings = report.servers.flatMap((server) =>
    server.findings.map((finding) => ({ server, finding })),
  );
  const ids = [...new Set(findings.map(({ finding }) => finding.id))].sort();
  const texts = new Map(findings.map(({ finding }) => [finding.id, finding]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "stronghold-audit",
            rules: ids.map((id) => ruleOf(id, texts.get(id))),
          },
        },
        invocations: [
          { executionSuccessful: report.state !== "unknown", startTimeUtc: report.time },
        ],
        results: findings
          .filter(({ finding }) => finding.state !== "kept")
          .map(({ server, finding }) => resultOf(server, finding)),
      },
    ],
  };
}

function ruleOf(id: string, finding: Finding | undefined): object {
  const rows = finding?.rows ?? [];
  return {
    id,
    shortDescription: { text: finding?.promise ?? id },
    fullDescription: {
      text: rows.map((row) => `${row}: ${PROMISES[row] ?? ""}`).join("; ") || id,
    },
    properties: { tags: ["security", ...rows] },
  };
}

function resultOf(server: ServerReport, { id, control, promise, found, state }: Finding): object {
  const script = join(BUNDLE_DIR, "controls", `${control}.sh`);
  const uri = existsSync(script) ? relative(ROOT, script) : OUTSIDE;
  return {
    ruleId: id,
    level: state === "broken" ? "error" : "warning",
    message: { text: `${server.label}: ${promise}. Found: ${found ?? "nothing"}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri }, region: { startLine: 1 } },
        logicalLocations: [{ name: server.label, kind: "resource" }],
      },
    ],
    // The same fault of the same server is the same alert, however its text changes.
    partialFingerprints: { "stronghold/v1": `${server.label}/${id}` },
  };
}
