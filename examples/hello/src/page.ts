/** The one page, as text: no script, and nothing from elsewhere. */
import { createHash } from "node:crypto";

import type { Greeting } from "./database.js";

const STYLE = `body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem }
label { display: block; margin: .5rem 0 }
li { margin: .5rem 0 }`;

/** Lets the page's own style in, and no other: for the Content-Security-Policy. */
export const STYLE_SOURCE = `'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

export const LIMITS = { name: 40, text: 200 } as const;

/** Who looks at the page, as we see it. */
export interface Visitor {
  address: string;
  protocol: string;
}

export function page(visitor: Visitor, greetings: readonly Greeting[], version: string): string {
  const rows = greetings.map(
    ({ name, text, at }) =>
      `    <li><strong>${escape(name)}</strong>: ${escape(text)} <small>${at.toISOString()}</small></li>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <title>Hello</title>
  <style>${STYLE}</style>
</head>
<body>
  <h1>Hello</h1>
  <p>You come from <code id="address">${escape(visitor.address)}</code> over
    <code id="protocol">${escape(visitor.protocol)}</code>; this is release
    <code id="version">${escape(version)}</code>.</p>
  <form method="post" action="/greetings">
    <label>Name <input name="name" required maxlength="${LIMITS.name}"></label>
    <label>Greeting <input name="text" required maxlength="${LIMITS.text}"></label>
    <button>Greet</button>
  </form>
  <ul id="greetings">
${rows.join("\n")}
  </ul>
</body>
</html>
`;
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
