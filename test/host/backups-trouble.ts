/** What becomes of the backups, and who is told, when something goes wrong. */
import { type BackupPair, SHIPS, SPOOL, STATE, TOOL } from "./backups-pair";
import { fill, Writer } from "./backups-writer";
import { SCHEMA } from "./database-server";

const SMALL = "/run/test-disk";

export function describeTrouble(pair: BackupPair, it: jest.It): void {
  const { server, vault } = pair;
  const writer = new Writer(server);
  const service = (verb: string): string => server.must(`systemctl ${verb} ${pair.engine}`);
  /** Makes the newest backup so old. */
  const age = (time: string): string =>
    server.must(`touch -d '${time}' ${SPOOL}/${pair.newest()}.manifest`);

  beforeAll(() => {
    pair.retryAfter(1, 1);
    server.sql(`USE ${SCHEMA}; DROP TABLE IF EXISTS a_filler`);
    pair.full();
    pair.full();
    pair.alerts();
  }, 180_000);

  it("tells once of a size that is odd, and once that it is as ever", () => {
    fill(server, "a_filler", 2);
    pair.full();
    expect(pair.alerts()).toEqual(["a backup has an odd size"]);
    expect(pair.tool("check")).toMatchObject({ code: 1, stderr: "" });
    expect(pair.alerts()).toEqual([]);
    pair.full();
    expect(pair.alerts()).toEqual(["the size of backups is as it was"]);
    expect(pair.tool("check")).toMatchObject({ code: 0, stdout: "", stderr: "" });
    // The other way round: rows that are gone.
    server.sql(`DROP TABLE ${SCHEMA}.a_filler`);
    pair.full();
    pair.full();
    expect(pair.alerts()).toEqual(["a backup has an odd size", "the size of backups is as it was"]);
  }, 180_000);

  it("tells once that backups fail, and once that they are made again", () => {
    const before = pair.ids();
    service("stop");
    for (let twice = 0; twice < 2; twice += 1) {
      const ran = pair.tool("run");
      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(/no full backup was made: the engine does not answer/);
    }
    expect(pair.alerts()).toEqual(["the full backup failed"]);
    expect(pair.tool("check").stdout).toMatch(/^backup-failed: the engine does not answer/m);
    expect(pair.ids()).toEqual(before);
    service("start");
    pair.full();
    expect(pair.alerts()).toEqual(["full backups are made again"]);
  }, 180_000);

  it("tells once that logs are not archived, and once that they are again", () => {
    const numbering = server.must(`cut -f 1 ${STATE}/numbering`);
    service("stop");
    for (let twice = 0; twice < 2; twice += 1) {
      const ran = pair.tool("logs");
      expect(ran.code).toBe(1);
      expect(ran.stdout).toMatch(
        /the binary logs could not be archived: the engine does not answer/,
      );
    }
    expect(pair.alerts()).toEqual(["binary logs are not archived"]);
    service("start");
    expect(pair.tool("logs")).toMatchObject({ code: 0, stderr: "" });
    expect(pair.alerts()).toEqual(["binary logs are archived again"]);
    expect(server.must(`cut -f 1 ${STATE}/numbering`)).toBe(numbering);
  }, 180_000);

  it("says nothing of an engine that is only started again meanwhile", () => {
    service("stop");
    pair.retryAfter(...Array<number>(60).fill(1));
    const ran = server.root(
      `: >/run/said; ${TOOL} logs >/run/said & until grep -q 'trying again' /run/said; do sleep 0.1; done
       systemctl start ${pair.engine} && wait $! && cat /run/said`,
    );
    pair.retryAfter(1, 1);
    expect(ran).toMatchObject({ code: 0, stderr: "" });
    expect(ran.stdout).toContain("trying again in 1 s: the engine does not answer");
    expect(pair.alerts()).toEqual([]);
  }, 180_000);

  it("tells once that a backup is late, and once that it is not", () => {
    age("27 hours ago");
    for (let twice = 0; twice < 2; twice += 1) {
      expect(pair.tool("check").stdout).toMatch(/^no new full backup: .* 27 hours old$/m);
    }
    expect(pair.alerts()).toEqual(["no new full backup"]);
    age("now");
    for (let twice = 0; twice < 2; twice += 1)
      expect(pair.tool("check")).toMatchObject({ code: 0, stderr: "" });
    expect(pair.alerts()).toEqual(["over: no new full backup"]);
  }, 90_000);

  it("keeps what the vault cannot take now, tells of it, and brings it later", () => {
    vault.must("systemctl stop ssh.socket ssh.service 2>/dev/null || systemctl stop ssh.service");
    expect(pair.tool("run")).toMatchObject({ code: 1 });
    const id = pair.newest();
    expect(pair.inVault()).not.toContain(id);
    expect(pair.tool("verify")).toMatchObject({ code: 0, stdout: `${id}\n` });
    // A vault that starts anew is no reason to wake anybody.
    expect(pair.alerts()).toEqual([]);
    age("20 minutes ago");
    for (let twice = 0; twice < 2; twice += 1)
      expect(pair.tool("check").stdout).toMatch(/^backups wait to be shipped/m);
    expect(pair.alerts()).toEqual(["backups wait to be shipped"]);
    vault.must("systemctl start ssh.socket 2>/dev/null || systemctl start ssh.service");
    expect(pair.tool("ship")).toMatchObject({ code: 0, stderr: "" });
    expect(pair.inVault()).toContain(id);
    expect(pair.alerts()).toEqual(["over: backups wait to be shipped"]);
  }, 180_000);

  it("waits for whoever is shipping, who may have looked before the new one was there", () => {
    pair.hold(SHIPS, "sleep 10");
    const id = pair.full();
    expect(pair.inVault()).toContain(id);
  }, 90_000);

  it("brings nothing to a vault whose host key has changed", () => {
    const key = "/etc/ssh/ssh_host_ed25519_key";
    const before = vault.state();
    vault.must(
      `cp -a ${key} ${key}.pub /root/; rm ${key} ${key}.pub; ssh-keygen -q -t ed25519 -N '' -f ${key}; systemctl restart ssh`,
    );
    const ran = pair.tool("run");
    const after = vault.state();
    vault.must(`mv /root/ssh_host_ed25519_key* /etc/ssh/; systemctl restart ssh`);
    expect(ran.code).toBe(1);
    expect(ran.stdout).toMatch(/could not ship full-\S+: .*host key/i);
    expect(after).toBe(before);
    expect(pair.tool("ship")).toMatchObject({ code: 0, stderr: "" });
    expect(pair.inVault()).toContain(pair.newest());
    pair.alerts();
  }, 180_000);

  it("keeps the newest ones, and removes none for a new one that is no good", () => {
    const keep = (number: number): string =>
      server.must(`sed -i s/^keep=.*/keep=${number}/ /etc/stronghold/backups/settings`);
    keep(2);
    const made = [pair.full(), pair.full(), pair.full()];
    expect(pair.ids()).toEqual(made.slice(1));
    expect(pair.inVault()).toEqual(expect.arrayContaining(made));
    // Whoever cannot read the newest one back must not remove what is older.
    keep(1);
    const newest = pair.newest();
    server.must(`cp -p ${SPOOL}/${newest}.age /root/; truncate -s -1 ${SPOOL}/${newest}.age`);
    expect(pair.tool("ship").stdout).toMatch(/nothing is removed: .*not what its manifest says/);
    expect(pair.ids()).toEqual(made.slice(1));
    server.must(`mv /root/${newest}.age ${SPOOL}/`);
    expect(pair.tool("ship").code).toBe(0);
    expect(pair.ids()).toEqual([newest]);
    keep(7);
  }, 180_000);

  it("refuses clearly when the disk is full, and leaves backups and database alone", async () => {
    const free = (): number => Number(server.must(`df --output=avail -B1 ${SPOOL} | tail -n 1`));
    const state = (): string => server.must(`cd ${SPOOL} && sha256sum full-* && ls -A`);
    server.must(
      `mkdir ${SMALL}; mount -t tmpfs -o size=100m,mode=700 test ${SMALL}; cp -a ${SPOOL}/. ${SMALL}/; mount --bind ${SMALL} ${SPOOL}`,
    );
    writer.prepare();
    await writer.start();
    const before = state();
    // Nobody can know before how much it will be.
    fill(server, "a_filler", 24);
    server.must(
      `head -c $(($(df --output=avail -B1 ${SPOOL} | tail -n 1) - 12000000)) /dev/zero >${STATE}/junk`,
    );
    const room = free();
    const inTheMiddle = pair.tool("run");
    expect(inTheMiddle).toMatchObject({ code: 1 });
    expect(inTheMiddle.stdout).toMatch(/^no full backup was made: the disk is full$/m);
    expect(state()).toBe(before);
    expect(free()).toBeGreaterThan(room - 100_000);
    expect(pair.alerts()).toEqual(["the full backup failed"]);
    // Not one byte is left: nothing can be written, and nothing is lost.
    server.root(`cat /dev/zero >${STATE}/more`);
    expect(free()).toBe(0);
    const atOnce = pair.tool("run");
    expect(atOnce).toMatchObject({ code: 1 });
    expect(atOnce.stdout).toMatch(/^no full backup was made: the disk is full: 0 MB are free/m);
    expect(pair.tool("logs").code).toBe(1);
    await writer.goesOn();
    expect(state()).toBe(before);
    server.must(`rm ${STATE}/junk ${STATE}/more`);
    writer.stop();
    expect(pair.tool("verify").code).toBe(0);
    pair.full();
    expect(pair.alerts()).toContain("full backups are made again");
    server.must(`umount ${SPOOL} && umount ${SMALL}`);
  }, 360_000);
}
