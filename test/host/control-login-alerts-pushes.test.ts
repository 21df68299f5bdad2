/**
 * The control `login-alerts` on a backup server: the database server's own logins, which come every few
 * minutes, are not told; whatever else gets into the same account is.
 */
import { ALERT_LIMIT_MS, AlertedServer, HOST, loginOf } from "./login-alerts";
import { DEPLOYER, itWithJournal } from "./harness";
import { eventually, run } from "./test-machines";

const server = new AlertedServer("a0c7d4");
const it = itWithJournal(server);
const RECEIVER = "stronghold-push";
const FOLDER = `/var/lib/${RECEIVER}/.ssh`;
const OPERATOR = "203.0.113.10";
const STRANGER = "203.0.113.66";
const DEPLOYERS = `[${HOST}] automation login: ${DEPLOYER} from ${OPERATOR}`;

const bound = (name: string, from: string): string =>
  `restrict,from="${from}",command="/usr/local/sbin/${RECEIVER}" ${server.publicKey(name)}\n`;
const keys = (text: string): string => server.must(`cat >${FOLDER}/authorized_keys`, text);
const fingerprint = (name: string): string =>
  run(["ssh-keygen", "-lf", server.keyFile(name)]).stdout.split(" ")[1] ?? "";
const pushes = (how = {}): boolean => server.lets(RECEIVER, { key: "push", ...how });
const says = (address: string, key: string, account = RECEIVER, method = "publickey"): void => {
  server.sshdSays(`Accepted ${method} for ${account} from ${address} port 4711 ssh2${key}`);
};
const known = (): string => `: ED25519 ${fingerprint("push")}`;

beforeAll(async () => {
  await server.boot();
  server.addPerson("ada");
  // What the control accounts sets up, but for the program, which is any that ends well here.
  server.must(`
    ln -s /bin/true /usr/local/sbin/${RECEIVER}
    useradd --system --user-group --no-create-home --home-dir /var/lib/${RECEIVER} --shell /usr/local/sbin/${RECEIVER} ${RECEIVER}
    install -d -m 750 -g ${RECEIVER} /var/lib/${RECEIVER} ${FOLDER}
    touch ${FOLDER}/authorized_keys; chgrp ${RECEIVER} ${FOLDER}/authorized_keys; chmod 640 ${FOLDER}/authorized_keys`);
  keys(bound("push", `${OPERATOR}/32,2001:db8:10::10/128`));
  expect(server.control("apply", { RECEIVER })).toMatchObject({ code: 0, fails: [], stderr: "" });
}, 540_000);

beforeEach(async () => {
  keys(bound("push", `${OPERATOR}/32,2001:db8:10::10/128`));
  await server.settle();
}, 120_000);

afterAll(async () => {
  await server.end();
}, 90_000);

describe("nobody is told of a push", () => {
  it.each<[string, () => boolean]>([
    ["over IPv4", () => pushes()],
    ["over IPv6", () => pushes({ address: server.ipv6 })],
    [
      "from a range",
      () => {
        keys(bound("other", "192.0.2.1/32") + bound("push", "203.0.113.0/28"));
        return pushes();
      },
    ],
  ])(
    "%s",
    async (_what, push) => {
      expect(push()).toBe(true);
      expect(push()).toBe(true);
      server.must("systemctl start stronghold-alerts.service");
      expect(server.lets(DEPLOYER)).toBe(true);
      expect(await server.mailArrives(DEPLOYERS)).toBe(true);
      expect(server.subjects()).toEqual([DEPLOYERS]);
    },
    120_000,
  );
});

describe("a login at the same account is told", () => {
  it.each<[string, () => void, string]>([
    // The key's line lets sshd refuse these itself; so they stand for an sshd that does not.
    [
      "from elsewhere",
      () => {
        says(STRANGER, known());
      },
      STRANGER,
    ],
    [
      "from elsewhere, over IPv6",
      () => {
        says("2001:db8:10::11", known());
      },
      "2001:db8:10::11",
    ],
    [
      "from just outside a range",
      () => {
        keys(bound("push", "203.0.113.0/28"));
        says("203.0.113.16", known());
      },
      "203.0.113.16",
    ],
    [
      "by a key that is not in the list",
      () => {
        says(OPERATOR, ": ED25519 SHA256:abc");
      },
      OPERATOR,
    ],
    [
      "by a key that sshd does not name",
      () => {
        says(OPERATOR, "");
      },
      OPERATOR,
    ],
    [
      "without a key",
      () => {
        says(OPERATOR, known(), RECEIVER, "keyboard-interactive/pam");
      },
      OPERATOR,
    ],
    [
      "by a key that is bound to no address",
      () => {
        keys(server.publicKey("push"));
        expect(pushes()).toBe(true);
      },
      OPERATOR,
    ],
    [
      "by a key that is bound to no program",
      () => {
        keys(`restrict,from="${OPERATOR}/32" ${server.publicKey("push")}`);
        expect(pushes()).toBe(true);
      },
      OPERATOR,
    ],
    [
      "by a key from a list that is not root's",
      () => {
        server.must(`chown ${RECEIVER} ${FOLDER}/authorized_keys`);
        expect(pushes()).toBe(true);
      },
      OPERATOR,
    ],
  ])(
    "%s",
    async (_what, login, address) => {
      login();
      const isTold = await server.mailArrives(loginOf(RECEIVER, address));
      server.must(`chown root ${FOLDER}/authorized_keys`);
      expect(isTold).toBe(true);
    },
    120_000,
  );

  it("and so is the same key at another account", async () => {
    says(OPERATOR, known(), "ada");
    expect(await server.mailArrives(loginOf("ada", OPERATOR))).toBe(true);
  }, 90_000);

  it("and so is every push on a server that receives none", async () => {
    expect(server.control("audit")).toMatchObject({ code: 1, fails: ["LOGIN-ALERTS-05"] });
    expect(server.control("apply")).toMatchObject({ code: 0, fails: [], stderr: "" });
    await server.settle();
    expect(pushes()).toBe(true);
    expect(await eventually(() => server.subjects().length > 0, ALERT_LIMIT_MS)).toBe(true);
    expect(server.subjects()).toEqual([loginOf(RECEIVER, OPERATOR)]);
    expect(server.control("apply", { RECEIVER })).toMatchObject({ code: 0, fails: [] });
    expect(server.control("apply", { RECEIVER })).toMatchObject({ code: 0, changed: 0 });
  }, 180_000);

  it("and no other account can be named as the one that receives", () => {
    const refused = server.control("apply", { RECEIVER: "ada" });
    expect(refused).toMatchObject({ code: 64, stdout: "" });
  });
});
