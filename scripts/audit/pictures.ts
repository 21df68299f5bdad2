/** The pictures of a report, as SVG. */
import { type Role, ROLES, SHORT_NAMES } from "../../components/lib/roles";
import { html, type Markup } from "./markup";
import { type Report, type ServerReport, type State, worst } from "./report";

const PLACES: Readonly<Record<Role, readonly [x: number, y: number]>> = {
  app: [250, 60],
  database: [250, 240],
  backup: [560, 240],
};
const [WIDTH, HEIGHT] = [220, 96];

/** The servers as they were found, and who reaches whom. */
export function topology({ servers }: Report): Markup {
  return html`<svg viewBox="0 0 800 350" role="img" aria-label="The servers and who reaches whom">
    <defs>
      <marker
        id="tip"
        viewBox="0 0 8 8"
        refX="7"
        refY="4"
        markerWidth="8"
        markerHeight="8"
        orient="auto"
      >
        <path d="M0 0 8 4 0 8z" />
      </marker>
    </defs>
    ${node(20, 60, 150, "outside", ["operator, visitors"], "kept")}
    ${arrow([170, 108], [250, 108], "22, 80, 443")} ${arrow([360, 156], [360, 240], "22, 3306")}
    ${arrow([470, 288], [560, 288], "backups")} ${servers.map((server) => box(server))}
  </svg>`;
}

function box(server: ServerReport): Markup {
  const { role, label, publicIPv4, publicIPv6, privateIPv4, answers, findings } = server;
  const [x, y] = PLACES[role];
  const ports = [...new Set(answers.map(({ port }) => port))].join(", ");
  const lines = [
    [publicIPv4, privateIPv4].filter(Boolean).join(" · "),
    publicIPv6,
    ports === "" ? "nothing answers from outside" : `answers at ${ports}`,
  ];
  return node(x, y, WIDTH, label, lines, worst(findings.map(({ state }) => state)));
}

function node(
  x: number,
  y: number,
  width: number,
  title: string,
  lines: readonly string[],
  state: State,
): Markup {
  const rows = lines
    .filter(Boolean)
    .map((line, index) => html`<text x="${x + 12}" y="${y + 46 + index * 18}">${line}</text>`);
  return html`<g class="${state}">
    <rect x="${x}" y="${y}" width="${width}" height="${HEIGHT}" rx="8" />
    <text class="title" x="${x + 12}" y="${y + 24}">${title}</text>
    ${rows}
  </g>`;
}

function arrow(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  what: string,
): Markup {
  const isFlat = y1 === y2;
  const [x, y] = isFlat ? [(x1 + x2) / 2, y1 - 8] : [x1 + 10, (y1 + y2) / 2];
  return html`<line
      class="way"
      x1="${x1}"
      y1="${y1}"
      x2="${x2 - (isFlat ? 2 : 0)}"
      y2="${y2}"
      marker-end="url(#tip)"
    />
    <text class="way" x="${x}" y="${y}" text-anchor="${isFlat ? "middle" : "start"}"
      >${what}</text
    >`;
}

/** Who gets an answer where: a column for each port that answers anywhere, and for those that must not. */
export function doors({ servers }: Report): Markup {
  const found = servers.flatMap(({ answers }) => answers.map(({ port }) => port));
  const ports = [...new Set([22, 80, 443, 3000, 3003, 3306, ...found])].sort((a, b) => a - b);
  const rows = servers.flatMap((server) =>
    [server.publicIPv4, server.publicIPv6].filter(Boolean).map(
      (address) =>
        html`<tr>
          <th>${SHORT_NAMES[server.role]} ${address}</th>
          ${ports.map((port) => {
            const isOpen = server.answers.some(
              (door) => door.address === address && door.port === port,
            );
            return html`<td class="${isOpen ? "open" : "shut"}">${isOpen ? "answers" : "—"}</td>`;
          })}
        </tr>`,
    ),
  );
  return html`<table class="grid">
    <tr>
      <th></th>
      ${ports.map((port) => html`<th>${port}</th>`)}
    </tr>
    ${rows}
  </table>`;
}

/** Promises by servers. */
export function matrix({ servers, promises }: Report): Markup {
  const cell = (role: Role, row: string): Markup => {
    const findings = servers.find((server) => server.role === role)?.findings ?? [];
    const own = findings.filter(({ rows }) => rows.includes(row));
    if (own.length === 0) return html`<td></td>`;
    const state = worst(own.map((finding) => finding.state));
    const bad = own.filter((finding) => finding.state !== "kept").map(({ id }) => id);
    return html`<td class="${state}">${bad.length === 0 ? "kept" : bad.join(", ")}</td>`;
  };
  return html`<table class="grid">
    <tr>
      <th>promise</th>
      ${ROLES.map((role) => html`<th>${SHORT_NAMES[role]}</th>`)}
    </tr>
    ${promises.map(
      ({ row, promise }) =>
        html`<tr>
          <th><b>${row}</b> ${promise}</th>
          ${ROLES.map((role) => cell(role, row))}
        </tr>`,
    )}
  </table>`;
}

/** One bar an audit, as high as what was found. */
export function course(reports: readonly Report[]): Markup {
  const last = reports.slice(-60);
  const counts = last.map(
    ({ servers }) =>
      servers.flatMap(({ findings }) => findings).filter(({ state }) => state !== "kept").length,
  );
  const top = Math.max(1, ...counts);
  const bars = last.map(({ time, state }, index) => {
    const count = counts[index] ?? 0;
    const height = count === 0 ? 3 : 8 + (count / top) * 60;
    return html`<rect
      class="${state}"
      x="${index * 13}"
      y="${80 - height}"
      width="10"
      height="${height}"
    >
      <title>${time}: ${count === 0 ? "all kept" : `${count} not kept`}</title>
    </rect>`;
  });
  return html`<svg viewBox="0 0 800 84" role="img" aria-label="Earlier audits">${bars}</svg>`;
}
