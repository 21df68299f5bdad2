/**
 * The local cloud's own process: the API on loopback and on a unix socket, and the machines behind it.
 *
 * Hosts are not its children: they outlive a crash of it, and a new daemon takes them over.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

import { createApi, FileStore } from "./api";
import { type DaemonRecord, daemonFile } from "./cli/daemon-control";
import { LocalMachines } from "./machines";
import { cloudPaths } from "./paths";
import { processStart } from "./process-identity";

function log(text: string): void {
  console.log(`${new Date().toISOString()} ${text}`);
}

/** One token for the life of the cloud, so that a restarted daemon honours what the engine was given. */
function readToken(file: string): string {
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString("hex"), { mode: 0o600 });
  return readFileSync(file, "utf8");
}

async function main(): Promise<void> {
  const paths = cloudPaths();
  const { stateDir, cacheDir, cloudId } = paths;
  const machines = new LocalMachines({ stateDir, cacheDir, cloudId, log });
  await machines.start();

  const token = readToken(join(stateDir, "token"));
  const store = new FileStore(join(stateDir, "api.json"));
  const api = createApi({ machines, store, token, log });
  await api.listen({ host: "127.0.0.1", port: await usualPort(join(stateDir, "port")) });
  const address = api.server.address();
  if (address === null || typeof address === "string")
    throw new Error("the API has no TCP address");

  // The operator's namespace has a loopback of its own; a socket is a file and reaches across.
  rmSync(paths.socket, { force: true });
  const behindSocket = createServer((request, response) => {
    api.routing(request, response);
  });
  await new Promise<void>((resolve) => behindSocket.listen(paths.socket, resolve));
  await machines.forwardApi(address.port, paths.socket);

  const record: DaemonRecord = {
    pid: process.pid,
    start: processStart(process.pid) ?? "",
    port: address.port,
    token,
  };
  writeFileSync(`${daemonFile(paths)}.new`, JSON.stringify(record), { mode: 0o600 });
  writeFileSync(join(stateDir, "port"), String(address.port));
  renameSync(`${daemonFile(paths)}.new`, daemonFile(paths));
  log(`ready on 127.0.0.1:${address.port}`);

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log(`${signal}: the API ends, the hosts stay up`);
      behindSocket.close();
      void api.close().then(() => process.exit(0));
    });
  }
}

/** The port of an earlier daemon of this cloud if it is free, else any: a stack may hold its URL. */
async function usualPort(file: string): Promise<number> {
  if (!existsSync(file)) return 0;
  const port = Number(readFileSync(file, "utf8"));
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => {
      resolve(0);
    });
    probe.listen(port, "127.0.0.1", () => {
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

main().catch((error: unknown) => {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
});
