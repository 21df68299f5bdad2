import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { alertText } from "../../local/cli/alerts";
import { readMail } from "../../local/outside/mail";
import { type Arrival, type Message, MessageLog } from "../../local/outside/messages";

const folder = mkdtempSync(join(tmpdir(), "stronghold-messages-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let logs = 0;
function makeLog(maxBytes?: number): MessageLog {
  const own = mkdtempSync(join(folder, `${(logs += 1)}-`));
  return new MessageLog(own, maxBytes);
}

const arrival = (text: string): Arrival => {
  return { channel: "slack", from: "", to: [], subject: "", text };
};
const texts = (messages: Message[]): string[] => messages.map(({ text }) => text);

describe("the messages that arrived", () => {
  it("are none at first", () => {
    const log = makeLog();
    expect([log.read(), log.reader()()]).toEqual([[], []]);
  });

  it("are read in the order of their arrival, with its time", () => {
    const log = makeLog();
    expect([log.append(arrival("one\né")), log.append(arrival("two"))]).toEqual([true, true]);
    expect(texts(log.read())).toEqual(["one\né", "two"]);
    expect(log.read()[0]!.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it("are followed: each is told once, and only when it is whole", () => {
    const log = makeLog();
    log.append(arrival("é"));
    const news = log.reader();
    expect([texts(news()), texts(news())]).toEqual([["é"], []]);
    const line = `${JSON.stringify({ time: "", ...arrival("two") })}\n`;
    appendFileSync(log.file, line.slice(0, 20));
    expect(news()).toEqual([]);
    appendFileSync(log.file, line.slice(20));
    log.append(arrival("three"));
    expect([texts(news()), texts(news())]).toEqual([["two", "three"], []]);
  });

  it("take bounded room: the oldest go, and none is told twice or passed over", () => {
    const log = makeLog(300);
    const news = log.reader();
    const told: string[] = [];
    for (let number = 0; number < 20; number += 1) {
      log.append(arrival(String(number)));
      told.push(...texts(news()));
    }
    expect(told).toEqual(Array.from({ length: 20 }, (_, number) => String(number)));
    const left = texts(log.read()).map(Number);
    expect(left.length).toBeLessThan(10);
    expect(left).toEqual(Array.from({ length: left.length }, (_, at) => 20 - left.length + at));
    expect(readFileSync(log.file).length).toBeLessThan(500);
  });

  it("survive a line that a crash cut short", () => {
    const log = makeLog();
    writeFileSync(log.file, '{"time":"2026-\n');
    log.append(arrival("after"));
    expect(texts(log.read())).toEqual(["after"]);
  });

  it("are refused, not lost in silence, where they cannot be kept", () => {
    const error = jest.spyOn(console, "error").mockReturnValue(undefined);
    expect(new MessageLog(join(folder, "nowhere")).append(arrival("x"))).toBe(false);
    expect(error).toHaveBeenCalled();
    error.mockRestore();
  });
});

describe("a mail", () => {
  const envelope = { from: "a@local.test", to: ["b@local.test"] };

  it("is read by subject and text; a subject may span lines", () => {
    const raw = "From: a\r\nSUBJECT: [app] login:\r\n\tada: in\r\nTo: b\r\n\r\nOne\r\n\r\nTwo\r\n";
    expect(readMail(raw, envelope)).toEqual({
      channel: "mail",
      ...envelope,
      subject: "[app] login: ada: in",
      text: "One\n\nTwo",
      raw,
    });
  });

  it("may have neither", () => {
    expect(readMail("From: a\r\n", envelope)).toMatchObject({ subject: "", text: "" });
    expect(readMail("", envelope)).toMatchObject({ subject: "", text: "" });
  });
});

describe("an alert on the terminal", () => {
  const message: Message = {
    time: new Date(2026, 0, 2, 3, 4, 5).toISOString(),
    channel: "mail",
    from: "a@local.test",
    to: ["b@local.test", "c@local.test"],
    subject: "[app] login: ada",
    text: "Account: ada\n\nMethod: key",
  };

  it("is a line of when, how and what", () => {
    expect(alertText(message)).toBe("2026-01-02 03:04:05  mail      [app] login: ada");
  });

  it("is named by its first line where it has no subject", () => {
    const text = alertText({ ...message, channel: "pushover", subject: "" });
    expect(text).toBe("2026-01-02 03:04:05  pushover  Account: ada");
  });

  it("is shown whole where that is asked for", () => {
    expect(alertText(message, true)).toBe(
      "2026-01-02 03:04:05  mail      [app] login: ada\n" +
        "    to b@local.test, c@local.test\n    Account: ada\n\n    Method: key\n",
    );
  });

  it("cannot command the terminal", () => {
    const text = alertText({ ...message, subject: "\x1b[2J\x9bx\r", text: "\x1b]0;x\x07" }, true);
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
