/** What backups may be told, and the exact words of each refusal. */
import { type BackupSettings, parseSettings } from "../../components/lib/settings";
import { ed25519Line, ed25519Private, rsaLine } from "./fixtures/keys";
import { faultsOf, goodSettings, OTHER_RECIPIENT, RECIPIENT } from "./fixtures/settings";

const KEYGEN = "make the key pair with `npm run backup -- keygen`";
const RECIPIENTS = `the list of at least one public key of age, to which all backups are encrypted; ${KEYGEN}`;
const A_RECIPIENT = "a recipient is a public key of age, one line that begins with age1";
const A_HOST_KEY =
  "a host key is the server's public Ed25519 key; give the line of /etc/ssh/ssh_host_ed25519_key.pub on it";
const A_TIME =
  'a time is hours and minutes from 00:00 to 23:59; write it with both digits and in quotes, such as "00:01"';
const A_REGION =
  "the other servers are there, and backups have to outlive their data centre; write the id of another one";
const EITHER =
  "it is either a server that the stack makes, with region, type and image, or one that is there, with host and hostKey; remove the ones or the others";
const EXPOSED =
  "give the public half, which `age-keygen -y <file>` prints, and make a new pair: the pasted key must now be considered exposed";

const HOST = "203.0.113.20";
const HOST_KEY = ed25519Line(7);
const PRIVATE_KEY = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";

function withBackup(backup: object, over: object = {}): Record<string, unknown> {
  return { ...goodSettings(), ...over, backup: { recipients: [RECIPIENT], ...backup } };
}

function backupOf(backup: object, over: object = {}): BackupSettings {
  return parseSettings(withBackup(backup, over)).backup;
}

/** What is given over a good `backup`, and the one line that comes of it. */
const ROWS: [given: object, line: string][] = [
  [{ recipients: undefined }, `backup.recipients: is missing: ${RECIPIENTS}`],
  [{ recipients: [] }, `backup.recipients: an empty list is not allowed: ${RECIPIENTS}`],
  [{ recipients: RECIPIENT }, `backup.recipients: a text is not allowed: ${RECIPIENTS}`],
  [
    { recipients: [7] },
    "backup.recipients[0]: 7 is not allowed: a public key of age; write the line that begins with age1, which `npm run backup -- keygen` prints",
  ],
  [
    { recipients: [RECIPIENT, PRIVATE_KEY] },
    `backup.recipients[1]: a private key is not allowed: ${A_RECIPIENT}; ${EXPOSED}`,
  ],
  [
    { recipients: PRIVATE_KEY },
    `backup.recipients[0]: a private key is not allowed: ${A_RECIPIENT}; ${EXPOSED}`,
  ],
  [
    { recipients: [RECIPIENT.replace("gvc7", "vgc7")] },
    `backup.recipients[0]: a damaged key is not allowed: ${A_RECIPIENT}; copy the whole line that begins with age1 again`,
  ],
  [
    { recipients: [ed25519Line(1)] },
    `backup.recipients[0]: a text with blanks or line breaks is not allowed: ${A_RECIPIENT}; write each key as an item of its own`,
  ],
  [
    { recipients: [RECIPIENT, OTHER_RECIPIENT, RECIPIENT] },
    "backup.recipients[2]: this key is not allowed: it is the same as backup.recipients[0]; remove one of the two",
  ],
  ...["0:01", "24:00", "12:60", "00:01:00", "noon", " 00:01"].map((time): [object, string] => [
    { time },
    `backup.time: "${time}" is not allowed: ${A_TIME}`,
  ]),
  [
    { time: 1 },
    'backup.time: 1 is not allowed: the time of the nightly backup in quotes; write for example "00:01"',
  ],
  ...[0, 367, 1.5].map((keep): [object, string] => [
    { keep },
    `backup.keep: ${keep} is not allowed: a number of backups is a whole number from 1 to 366`,
  ]),
  ...[4, 1001].map((sizeChangePercent): [object, string] => [
    { sizeChangePercent },
    `backup.sizeChangePercent: ${sizeChangePercent} is not allowed: a change in per cent is a whole number from 5 to 1000`,
  ]),
  ...[0, 61].map((logMinutes): [object, string] => [
    { logMinutes },
    `backup.logMinutes: ${logMinutes} is not allowed: a number of minutes is a whole number from 1 to 60`,
  ]),
  ...[0, 10_000].map((quotaGB): [object, string] => [
    { vault: { quotaGB } },
    `backup.vault.quotaGB: ${quotaGB} is not allowed: a quota is a whole number from 1 to 9999`,
  ]),
  ...[6, 3651].map((keepDays): [object, string] => [
    { vault: { keepDays } },
    `backup.vault.keepDays: ${keepDays} is not allowed: a number of days is a whole number from 7 to 3650`,
  ]),
  [
    { vault: { quotaMB: 5 } },
    "backup.vault.quotaMB: is not a setting: backup.vault has quotaGB, keepDays; correct the name or remove it",
  ],
  [
    { server: "203.0.113.20" },
    "backup.server: a text is not allowed: an object with region, type, image and linodeBackups, or with host and hostKey; write for example {region: us-west}",
  ],
  [
    { server: { region: "us-east" } },
    `backup.server.region: "us-east" is not allowed: ${A_REGION}`,
  ],
  [
    { server: { region: "us-lax", host: HOST, hostKey: HOST_KEY } },
    `backup.server: region beside host is not allowed: ${EITHER}`,
  ],
  [
    { server: { type: "g6-nanode-1", image: "linode/debian13", hostKey: HOST_KEY } },
    `backup.server: type and image beside hostKey is not allowed: ${EITHER}`,
  ],
  [
    { server: { host: HOST } },
    "backup.server.hostKey: is missing: the public Ed25519 key of that server; give the line of /etc/ssh/ssh_host_ed25519_key.pub on it",
  ],
  [
    { server: { hostKey: HOST_KEY } },
    "backup.server.host: is missing: the IPv4 address of a server; write for example 203.0.113.20",
  ],
  ...[
    "vault.example.org",
    "203.0.113.20/32",
    "2001:db8::1",
    "127.0.0.1",
    "0.0.0.0",
    "224.0.0.1",
  ].map((host): [object, string] => [
    { server: { host, hostKey: HOST_KEY } },
    `backup.server.host: "${host}" is not allowed: a host is the IPv4 address of a server, without a prefix; write it like 203.0.113.20`,
  ]),
  [
    { server: { host: HOST, hostKey: `${HOST} ${HOST_KEY}` } },
    `backup.server.hostKey: a key with options in front of it is not allowed: ${A_HOST_KEY}`,
  ],
  [
    { server: { host: HOST, hostKey: rsaLine(4096) } },
    `backup.server.hostKey: a key of type ssh-rsa is not allowed: ${A_HOST_KEY}`,
  ],
  [
    { server: { host: HOST, hostKey: ed25519Private(7) } },
    `backup.server.hostKey: a private key is not allowed: ${A_HOST_KEY}, and replace the pasted key: it is exposed`,
  ],
];

describe("the backups", () => {
  it("are refused without a key that they could be encrypted to", () => {
    const { backup, ...rest } = goodSettings();
    expect(backup).toBeDefined();
    expect(faultsOf(rest)).toEqual([
      "backup: is missing: an object with recipients and, if you like, time, keep, sizeChangePercent, logMinutes, " +
        "server and vault; write for example {recipients: [age1...]} with the public key that `npm run backup -- keygen` prints",
    ]);
  });

  it("go to a server that is there, known by its key alone", () => {
    const { server } = backupOf({ server: { host: HOST, hostKey: ` ${HOST_KEY}  root@vault\n` } });
    expect(server).toEqual({ host: HOST, hostKey: HOST_KEY });
  });

  it("go to a server that is there, whatever the region of the others", () => {
    const server = { host: HOST, hostKey: HOST_KEY };
    expect(backupOf({ server }, { region: "us-west" }).server).toEqual(server);
  });

  it("leave the data centre of the others also where their own is left out", () => {
    expect(faultsOf(withBackup({}, { region: "us-west" }))).toEqual([
      `backup.server.region: "us-west" is not allowed: ${A_REGION}`,
    ]);
    const { server } = backupOf({ server: { region: "us-east" } }, { region: "us-west" });
    expect(server).toEqual({
      region: "us-east",
      type: "g6-nanode-1",
      image: "linode/debian13",
      linodeBackups: false,
    });
  });

  it.each([
    [{ time: "00:00" }],
    [{ time: "23:59" }],
    [{ keep: 1, sizeChangePercent: 5, logMinutes: 1, vault: { quotaGB: 1, keepDays: 7 } }],
    [
      {
        keep: 366,
        sizeChangePercent: 1000,
        logMinutes: 60,
        vault: { quotaGB: 9999, keepDays: 3650 },
      },
    ],
  ])("may be at their bounds: %j", (given) => {
    expect(backupOf(given)).toMatchObject(given);
  });

  it.each(ROWS)("%#: %j is refused in one line", (given, line) => {
    expect(faultsOf(withBackup(given))).toEqual([line]);
  });

  it("are told of all their faults at once", () => {
    const given = {
      recipients: [RECIPIENT, "age1", RECIPIENT],
      time: "1:00",
      server: { region: "us-east", type: "big" },
      vault: { keepDays: 1 },
    };
    expect(faultsOf(withBackup(given)).map((line) => line.split(":")[0])).toEqual([
      "backup.recipients[1]",
      "backup.time",
      "backup.server.type",
      "backup.vault.keepDays",
      "backup.recipients[2]",
      "backup.server.region",
    ]);
  });
});
