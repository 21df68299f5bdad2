/** What the tests share: a guest book without a database, and certificates of one's own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const folder = mkdtempSync(join(tmpdir(), "hello-test-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A certificate for 127.0.0.1 that vouches for itself; the paths of its files. */
export function makeCertificate(name) {
  const certificate = join(folder, `${name}.pem`);
  const privateKey = join(folder, `${name}.key`);
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const files = ["-keyout", privateKey, "-out", certificate];
  const names = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", "-days", "2", ...kind, ...files, ...names], {
    stdio: "ignore",
  });
  return { certificate, privateKey };
}

/** A guest book in memory, any part of which a test may replace. */
export function stubBook(over = {}) {
  const rows = [];
  return {
    rows,
    isReachable: async () => true,
    latest: async (count) => rows.slice(-count).reverse(),
    add: async (name, text) => void rows.push({ name, text, at: new Date(0) }),
    ...over,
  };
}

export function configWith(tls) {
  return {
    origin: "https://127.0.0.1",
    listen: { host: "127.0.0.1", port: 0 },
    tls,
    database: {
      ...{ host: "127.0.0.1", port: 1, schema: "s", user: "u", password: "secret" },
      tls: { required: false },
    },
  };
}

/** One request to the server at that port, with its whole answer. */
export function ask(port, path = "/", { body, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ host: "127.0.0.1", port, path, rejectUnauthorized: false, agent: false },
      ...options,
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const certificate = response.socket.getPeerCertificate?.();
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part));
      response.on("error", reject);
      response.on("end", () => {
        resolve({ status: response.statusCode, headers: response.headers, text, certificate });
      });
    });
    sent.end(body);
  });
}

/** Sends the form as a browser does. */
export function post(port, fields, headers = {}) {
  return ask(port, "/greetings", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}
