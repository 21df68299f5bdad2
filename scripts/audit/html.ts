/** A report as one HTML file that needs nothing else, and runs nothing. */
import { SHORT_NAMES } from "../../components/lib/roles";
import { html, Markup } from "./markup";
import { course, doors, matrix, topology } from "./pictures";
import type { Report } from "./report";
import { summary } from "./table";

const STYLE = `
:root { color-scheme: light dark; --kept: #2e7d4f; --broken: #c0392b; --unknown: #b7791f; --line: #8888; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; }
table { border-collapse: collapse; width: 100%; } td, th { border: 1px solid var(--line); padding: .3rem .6rem; text-align: left; }
.grid td { text-align: center; } .grid th { font-weight: normal; }
td.kept { color: var(--kept); } td.broken { background: var(--broken); color: #fff; } td.unknown { background: var(--unknown); color: #fff; }
td.open { color: var(--kept); font-weight: bold; } td.shut { color: var(--line); }
.verdict { font-size: 1.1rem; padding: .6rem 1rem; border-left: .5rem solid; }
.verdict.kept { border-color: var(--kept); } .verdict.broken { border-color: var(--broken); } .verdict.unknown { border-color: var(--unknown); }
svg { width: 100%; } svg text { font: 13px system-ui, sans-serif; fill: currentColor; } svg .title { font-weight: bold; font-size: 15px; }
svg rect { fill: none; stroke-width: 2; } svg .kept rect, rect.kept { stroke: var(--kept); } svg .broken rect, rect.broken { stroke: var(--broken); }
svg .unknown rect, rect.unknown { stroke: var(--unknown); } rect.kept { fill: var(--kept); } rect.broken { fill: var(--broken); } rect.unknown { fill: var(--unknown); }
line.way { stroke: currentColor; } marker path { fill: currentColor; }`;

export function renderHtml(report: Report, history: readonly Report[]): string {
  const page = html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta
        http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'unsafe-inline'"
      />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Audit of ${report.stack}</title>
      <style>
        ${new Markup(STYLE)}
      </style>
      <h1>Audit of ${report.stack}</h1>
      <p class="verdict ${report.state}">${summary(report)}<br />${report.time}</p>
      <h2>As it stands</h2>
      ${topology(report)}
      <h2>What answers from outside</h2>
      ${doors(report)} ${findings(report)}
      <h2>Promises</h2>
      ${matrix(report)}
      <h2>Audits so far</h2>
      ${course(history)}
    </html> `;
  return page.text;
}

function findings({ servers }: Report): Markup {
  const rows = servers.flatMap(({ role, findings: all }) =>
    all
      .filter(({ state }) => state !== "kept")
      .map(
        ({ id, promise, found = "", since = "", repair = "", state }) =>
          html`<tr>
            <td>${SHORT_NAMES[role]}</td>
            <td class="${state}">${id}</td>
            <td>${promise}</td>
            <td>${found}</td>
            <td>${since}</td>
            <td>${repair}</td>
          </tr>`,
      ),
  );
  if (rows.length === 0)
    return html`<h2>Not kept</h2>
      <p>Nothing.</p>`;
  return html`<h2>Not kept</h2>
    <table>
      <tr>
        <th>server</th>
        <th>check</th>
        <th>promise</th>
        <th>found</th>
        <th>since</th>
        <th>repair</th>
      </tr>
      ${rows}
    </table>`;
}
