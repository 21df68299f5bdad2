/**
 * A visitor's browser: a headless Chromium in the network of a vantage point, which trusts one authority more than
 * it comes with. Errors of certificates count: nothing tells it to look away.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { chromium, type Page } from "playwright-core";

import { run } from "../local/machines/run";

/** Longer than its own 30 s: on a busy machine its many processes come up one after the other. */
const LIMIT_MS = 120_000;
/** Debian's package; Ubuntu's is a snap, which has no hosts of its own to run in. */
const CHROMIUM = "/usr/bin/chromium";

export interface BrowserOptions {
  /** Words that lead to where it is, see `vantageCommand`. */
  enter: readonly string[];
  /** PEM of the authority that it shall trust; empty for none. */
  authority: string;
}

export interface Browser {
  /**
   * A fresh visitor's page, with no cookies and no history, at the address.
   *
   * @throws if the browser does not get there, or does not trust whom it finds.
   */
  page(url: string): Promise<Page>;
  close(): Promise<void>;
}

export async function openBrowser({ enter, authority }: BrowserOptions): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), "stronghold-browser-"));
  try {
    if (authority !== "") await trust(home, authority);
    const browser = await chromium.launch({
      executablePath: wrapper(home, enter),
      // It runs as root, as the tests do, where Chromium's own sandbox is not to be had.
      chromiumSandbox: false,
      // What it asks its maker for would be answered by nobody, and be waited for.
      args: ["--disable-background-networking", "--no-proxy-server"],
      env: { PATH: process.env["PATH"] ?? "", HOME: home },
    });
    return {
      page: async (url) => {
        const context = await browser.newContext();
        context.setDefaultTimeout(LIMIT_MS);
        const page = await context.newPage();
        await page.goto(url);
        return page;
      },
      close: async () => {
        await browser.close();
        rmSync(home, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(home, { recursive: true, force: true });
    throw error;
  }
}

/** Chromium reads whom to trust from the NSS database in its user's home. */
async function trust(home: string, authority: string): Promise<void> {
  const folder = join(home, ".pki/nssdb");
  const file = join(home, "authority.pem");
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, authority);
  const database = ["certutil", "-d", `sql:${folder}`];
  await run([...database, "-N", "--empty-password"]);
  // For servers (the first of the three flags), and for nothing else.
  await run([...database, "-A", "-t", "C,,", "-n", "authority", "-i", file]);
}

/** Playwright starts one program, and takes no words in front of it. */
function wrapper(home: string, enter: readonly string[]): string {
  const file = join(home, "browser.sh");
  const quoted = [...enter, CHROMIUM].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  writeFileSync(file, `#!/bin/sh\nexec ${quoted.join(" ")} "$@"\n`);
  chmodSync(file, 0o700);
  return file;
}
