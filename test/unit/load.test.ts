/** Whether what counts lost requests misses none; what it is used for is the e2e layer's. */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";

import type { LoadReport } from "../e2e/load";

const folder = mkdtempSync(join(tmpdir(), "stronghold-load-"));
const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
let server: Server;
let url: string;
let requests = 0;

beforeAll(async () => {
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const names = ["-subj", "/CN=load", "-addext", "subjectAltName=IP:127.0.0.1"];
  const files = ["-keyout", key, "-out", certificate];
  spawnSync("openssl", ["req", "-x509", "-days", "2", ...kind, ...names, ...files]);
  server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
  server.on("request", ({ url: path, socket }, response) => {
    requests += 1;
    if (path === "/sick") response.statusCode = 503;
    if (path === "/gone") socket.destroy();
    else if (path === "/half") {
      response.write("half", () => socket.destroy());
    } else response.end("whole");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** After which the input of a load ends that has no end of its own. */
const ENOUGH = 100;

async function load(path: string, ...words: string[]): Promise<LoadReport> {
  const script = join(__dirname, "../load.js");
  const args = [script, "--url", `${url}${path}`, "--ca", certificate, ...words];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
  const before = requests;
  const look = (): void => {
    if (words.length === 0 && requests - before === ENOUGH) child.stdin.end();
  };
  server.on("request", look);
  try {
    return (await json(child.stdout)) as LoadReport;
  } finally {
    server.off("request", look);
  }
}

describe("the load", () => {
  it("asks as often as it is told, half of it on connections that are kept", async () => {
    let connections = 0;
    const count = (): unknown => (connections += 1);
    server.on("secureConnection", count);
    const { slowestMs, ...report } = await load("/", "--rate", "100", "--seconds", "1");
    server.off("secureConnection", count);
    expect(report).toEqual({ sent: 100, ok: 100, failed: 0, statuses: { 200: 100 }, errors: [] });
    expect(slowestMs).toBeLessThan(30_000);
    expect(connections).toBeGreaterThanOrEqual(51);
    expect(connections).toBeLessThanOrEqual(50 + 16);
  });

  it("goes on until its input ends, and waits for what is due", async () => {
    const before = requests;
    const { sent, ok } = await load("/");
    expect(sent).toBeGreaterThanOrEqual(ENOUGH);
    expect([ok, requests - before]).toEqual([sent, sent]);
  });

  it.each([
    ["/sick", "status 503"],
    ["/gone", "ECONNRESET"],
    ["/half", "ECONNRESET"],
  ])("counts every request to %s as lost, once, and tries none again", async (path, fault) => {
    const before = requests;
    const report = await load(path, "--rate", "40", "--seconds", "1");
    expect(report).toMatchObject({ sent: 40, ok: 0, failed: 40 });
    expect(requests - before).toBe(40);
    expect(report.errors).toHaveLength(20);
    expect(report.errors[0]).toContain(fault);
  });
});
