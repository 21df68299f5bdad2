import { toString as renderQrCode } from "qrcode";

import type { Enrolment } from "../../components/lib/outputs-contract";

/** What one person is handed for one server. */
export interface Sheet extends Enrolment {
  user: string;
  /** Label of the server, under which the app on the phone lists it. */
  server: string;
}

/** The sheet as text. On a terminal the QR code brings its own colours, so that any background will do. */
export async function renderSheet(
  sheet: Sheet,
  onTerminal = process.stdout.isTTY,
): Promise<string> {
  const lines = [`${sheet.user} on ${sheet.server}`, ""];
  if (sheet.uri === undefined) {
    lines.push("  Not enrolled in two-factor login (`enrolment: 0` in the settings).", "");
  } else {
    lines.push(await qrCode(sheet.uri, onTerminal), "");
    lines.push(row("code as text", sheet.uri), row("secret", grouped(sheet.secret ?? "")));
    lines.push(row("scratch codes", (sheet.scratchCodes ?? []).join(" ")));
    lines.push(row("", "each gets you in once, in place of a code from the phone"));
  }
  if (sheet.password !== undefined)
    lines.push(row("password", sheet.password), row("", "for sudo"));
  return [...lines, ""].join("\n");
}

/** Low error correction makes the smallest code, and a screen has no stains. */
function qrCode(text: string, onTerminal: boolean): Promise<string> {
  const options = { errorCorrectionLevel: "L" } as const;
  return onTerminal
    ? renderQrCode(text, { ...options, type: "terminal", small: true })
    : renderQrCode(text, { ...options, type: "utf8" });
}

function row(name: string, value: string): string {
  return `  ${name.padEnd(15)}${value}`;
}

/** In fours, as a person types it. */
function grouped(text: string): string {
  return (text.match(/.{1,4}/g) ?? []).join(" ");
}
