import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

import { type Message, MessageLog } from "../outside/messages";
import { OutsideWorld } from "../outside/world";
import { cloudPaths } from "../paths";
import { requireCloud } from "./readiness";

const LOOK_INTERVAL_MS = 200;

interface AlertsOptions {
  follow?: boolean;
  text?: boolean;
  json?: boolean;
}

/** Lists what has arrived in the world outside of this cloud, as the people who are told would see it. */
export async function alerts(options: AlertsOptions): Promise<void> {
  const paths = cloudPaths();
  requireCloud(paths);
  if (!new OutsideWorld(paths).receives()) {
    process.stderr.write(
      "Nothing can arrive now: mail relay and web endpoints do not run. Start them: npm run local -- up\n",
    );
  }
  const log = new MessageLog(paths.outsideDir);
  if (options.follow) await follow(log, paths.stateDir, options);
  else if (options.json) console.log(JSON.stringify(log.read(), null, 2));
  else list(log.read(), options);
}

function list(messages: Message[], options: AlertsOptions): void {
  for (const message of messages) console.log(alertText(message, options.text));
  if (messages.length > 0) return;
  console.log("Nothing has arrived yet. Every login raises alerts: npm run local -- ssh app");
}

/** Until the cloud goes down. */
async function follow(log: MessageLog, stateDir: string, options: AlertsOptions): Promise<void> {
  const news = log.reader();
  while (existsSync(stateDir)) {
    for (const message of news()) {
      console.log(options.json ? JSON.stringify(message) : alertText(message, options.text));
    }
    await delay(LOOK_INTERVAL_MS);
  }
  process.stderr.write("The local cloud is down.\n");
}

/**
 * `2026-11-23 03:45:12  mail      [app] login: ada from 203.0.113.10`, in the local time.
 *
 * What a server sends is not trusted to leave the terminal as it is.
 */
export function alertText({ time, channel, to, subject, text }: Message, whole = false): string {
  const [firstLine = ""] = text.split("\n");
  const title = subject === "" ? firstLine : subject;
  const head = `${localTime(time)}  ${channel.padEnd(8)}  ${title}`;
  const receivers = to.length > 0 ? [`to ${to.join(", ")}`] : [];
  const lines = whole ? [...receivers, ...text.split("\n")] : [];
  return [head, ...lines.map((line) => (line === "" ? "" : `    ${line}`)), ...(whole ? [""] : [])]
    .map((line) => line.replace(/\p{Cc}/gu, "?"))
    .join("\n");
}

function localTime(time: string): string {
  const date = new Date(time);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()].map(two).join("-");
  return `${day} ${[date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":")}`;
}
