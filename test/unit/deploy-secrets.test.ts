/** What a release may not hold because whoever has it would have that, too. */
import { type Change, faultsOf, file, LEAVE_OUT } from "./fixtures/artefacts";
import { CANARY } from "./fixtures/deploy";

const REVOKE = "take it out, and revoke it if anybody else has seen it";

// Put together, so that nobody who looks for tokens finds one here.
const token = (...parts: string[]): Change =>
  file("dist/a.js", `// one\nconst t = "${parts.join("")}";\n`);

const ROWS: [string, Change, string[]][] = [
  [
    "settings of a machine",
    file(".env", "A=1"),
    [`.env: it holds settings of a machine; ${LEAVE_OUT}`],
  ],
  [
    "settings of a machine in a folder, and of packages",
    { files: { "dist/.env.local": "", "node_modules/left/.env": "" } },
    [
      `dist/.env.local: it holds settings of a machine; ${LEAVE_OUT}`,
      `node_modules/left/.env: it holds settings of a machine; ${LEAVE_OUT}`,
    ],
  ],
  ["a template of settings", file(".env.example", "A="), []],
  [
    "the configuration of a server",
    file("config/production.json", "{}"),
    [`config/production.json: it holds the configuration of a server; ${LEAVE_OUT}`],
  ],
  [
    "SSH keys",
    { files: { "dist/id_ed25519": "", ".ssh/known_hosts": "" } },
    [
      `.ssh: it is a folder of SSH keys; ${LEAVE_OUT}`,
      `dist/id_ed25519: it is an SSH key; ${LEAVE_OUT}`,
    ],
  ],
  [
    "a repository",
    { files: { ".git/HEAD": "", ".git/config": "" } },
    [`.git: it is a repository's history; ${LEAVE_OUT}`],
  ],
  [
    "a store of keys",
    file("dist/client.p12", ""),
    [`dist/client.p12: it is a store of private keys; ${LEAVE_OUT}`],
  ],
  [
    "a private key",
    file("dist/tls.pem", `-----BEGIN PRIVATE KEY-----\n`),
    [`dist/tls.pem: it holds a private key, in line 1; ${REVOKE}`],
  ],
  [
    "an age key",
    token("AGE-SECRET-", "KEY-1", "Q".repeat(58)),
    [`dist/a.js: it holds an age secret key, in line 2; ${REVOKE}`],
  ],
  [
    "an AWS key",
    token("AK", "IA", "A".repeat(16)),
    [`dist/a.js: it holds an AWS access key, in line 2; ${REVOKE}`],
  ],
  [
    "a GitHub token",
    token("gh", "p_", "a".repeat(36)),
    [`dist/a.js: it holds a GitHub token, in line 2; ${REVOKE}`],
  ],
  [
    "a GitHub token of the other kind",
    token("github", "_pat_", "a".repeat(30)),
    [`dist/a.js: it holds a GitHub token, in line 2; ${REVOKE}`],
  ],
  [
    "a Slack token",
    token("xo", "xb-", "1".repeat(12)),
    [`dist/a.js: it holds a Slack token, in line 2; ${REVOKE}`],
  ],
  [
    "an npm token",
    token("np", "m_", "a".repeat(36)),
    [`dist/a.js: it holds an npm token, in line 2; ${REVOKE}`],
  ],
  [
    "a Linode token",
    file("dist/a.js", `LINODE_TOKEN = "${"ab".repeat(32)}"`),
    [`dist/a.js: it holds a Linode token, in line 1; ${REVOKE}`],
  ],
  ["a hash, which is no token", file("dist/a.js", `sha = "${"ab".repeat(32)}"`), []],
  [
    "a login to npm",
    { files: { ".npmrc": "//x/:_authToken=abc\n", "node_modules/left/.npmrc": "_auth=abc\n" } },
    [
      `.npmrc: it holds an npm login, in line 1; ${REVOKE}`,
      `node_modules/left/.npmrc: it holds an npm login, in line 1; ${REVOKE}`,
    ],
  ],
  ["a login to npm by a variable", file(".npmrc", "//x/:_authToken=${NPM_TOKEN}\n"), []],
  [
    "the stack's own password, in a file that is no text",
    file("dist/a.bin", `\0${CANARY}`),
    [
      `dist/a.bin: it holds the password of the database account "deployment" of this stack; ${LEAVE_OUT}`,
    ],
  ],
];

describe("a release", () => {
  it.each(ROWS)("with %s", (_, change, expected) => {
    const found = faultsOf(change);
    expect(found).toEqual(expected);
    expect(found.join("\n")).not.toContain(CANARY);
  });
});
