/** What a person is shown: the QR code is read back as a phone reads it. */
import jsQR from "jsqr";

import { renderSheet, type Sheet } from "../../scripts/enrol/sheet";

const SHEET: Sheet = {
  user: "ada",
  server: "stronghold-prod-db",
  uri: "otpauth://totp/stronghold-prod-db:ada?issuer=stronghold-prod-db&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30",
  secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
  scratchCodes: ["12345678", "23456789", "34567890", "45678901", "56789012"],
  password: "Xy-9.initial",
};

/** The two halves of a character that are dark, upper and lower. */
const DARK: Record<string, [boolean, boolean]> = {
  " ": [false, false],
  "▀": [true, false],
  "▄": [false, true],
  "█": [true, true],
};

/** What a camera sees of the code, and what is read out of it. */
function scan(rows: readonly (readonly [boolean, boolean][])[]): string | undefined {
  const scale = 4;
  const width = Math.max(...rows.map((row) => row.length)) * scale;
  const height = rows.length * 2 * scale;
  const pixels = new Uint8ClampedArray(width * height * 4).fill(255);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const half = Math.floor(y / scale);
      const cell = rows[Math.floor(half / 2)]?.[Math.floor(x / scale)];
      if (cell?.[half % 2] === true) pixels.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
    }
  }
  return jsQR(pixels, width, height)?.data;
}

it("shows a QR code that holds the URI", async () => {
  const text = await renderSheet(SHEET, false);
  const rows = text.split("\n").filter((line) => /^[ ▀▄█]{20,}$/.test(line));
  expect(scan(rows.map((row) => Array.from(row, (character) => DARK[character]!)))).toBe(SHEET.uri);
});

it("brings its own colours on a terminal", async () => {
  const text = await renderSheet(SHEET, true);
  expect(text).toContain("\u001b[");
  expect(text.split("\n")[0]).toBe("ada on stronghold-prod-db");
});

it("shows the same as text, with scratch codes and password", async () => {
  const text = await renderSheet(SHEET, false);
  for (const part of [
    SHEET.uri!,
    "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ",
    "12345678 23456789 34567890 45678901 56789012",
    "Xy-9.initial",
  ]) {
    expect(text).toContain(part);
  }
});

it("leaves out what there is not", async () => {
  const { uri, secret, scratchCodes, password, ...bare } = SHEET;
  expect(await renderSheet({ ...bare, password: password! }, false)).toBe(
    "ada on stronghold-prod-db\n\n" +
      "  Not enrolled in two-factor login (`enrolment: 0` in the settings).\n\n" +
      "  password       Xy-9.initial\n                 for sudo\n",
  );
  const enrolled = await renderSheet(
    { ...bare, uri: uri!, secret: secret!, scratchCodes: scratchCodes! },
    false,
  );
  expect(enrolled).not.toContain("password");
});
