import { randomUUID } from "node:crypto";

import type { Credentials } from "./identity";
import type { Arrival } from "./messages";
import { PUSHOVER_PATH } from "./places";

export interface WebRequest {
  method: string;
  path: string;
  /** The content type. */
  type: string;
  body: string;
}

export interface WebAnswer {
  status: number;
  type: string;
  body: string;
  /** What the request brought, if it was a good one. */
  arrival?: Arrival;
}

type Services = Pick<Credentials, "webhookPath" | "pushoverToken" | "pushoverUser">;

/** Answers as Slack does at its webhooks and as Pushover does at its address for messages. */
export function answerWeb(request: WebRequest, services: Services): WebAnswer {
  if (request.path.startsWith("/services/")) return slack(request, services);
  if (request.path === PUSHOVER_PATH) return pushover(request, services);
  return plain(404, "not found");
}

/** https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks */
function slack({ method, path, type, body }: WebRequest, services: Services): WebAnswer {
  if (method !== "POST") return plain(405, "method_not_allowed");
  if (path !== services.webhookPath) return plain(403, "invalid_token");
  // The older form of a webhook's body: a form with the JSON in it.
  const json = isForm(type) ? (new URLSearchParams(body).get("payload") ?? "") : body;
  const payload = parseObject(json);
  if (payload === undefined) return plain(400, "invalid_payload");
  const { text } = payload;
  if (typeof text !== "string" || text === "") return plain(400, "no_text");
  const nobody = { from: "", to: [], subject: "" };
  const arrival: Arrival = { channel: "slack", ...nobody, text: shownBySlack(text), raw: json };
  return { ...plain(200, "ok"), arrival };
}

/** Slack shows these three as what they stand for, and nothing else. */
function shownBySlack(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

const TITLE_MAX = 250;
const MESSAGE_MAX = 1024;

/** https://pushover.net/api */
function pushover({ method, type, body }: WebRequest, services: Services): WebAnswer {
  const form = new URLSearchParams(isForm(type) ? body : "");
  const field = (name: string): string => form.get(name) ?? "";
  const refuse = (fault: object, error: string): WebAnswer =>
    reply(400, { ...fault, errors: [error], status: 0 });
  if (method !== "POST") return refuse({}, "must be POST");
  if (field("token") !== services.pushoverToken) {
    return refuse(
      { token: "invalid" },
      "application token is invalid, see https://pushover.net/api",
    );
  }
  if (field("user") !== services.pushoverUser) {
    const error = "user identifier is not a valid user, group, or subscribed user key";
    return refuse({ user: "invalid" }, `${error}, see https://pushover.net/api#identifiers`);
  }
  const [title, text] = [field("title"), field("message")];
  if (text === "") return refuse({ message: "cannot be blank" }, "message cannot be blank");
  if (Array.from(text).length > MESSAGE_MAX) return refuse({}, "message is too long");
  if (Array.from(title).length > TITLE_MAX) return refuse({}, "title is too long");
  // Not as it came: token and user are secrets.
  const arrival: Arrival = { channel: "pushover", from: "", to: [], subject: title, text };
  return { ...reply(200, { status: 1 }), arrival };
}

function reply(status: number, body: object): WebAnswer {
  const text = JSON.stringify({ ...body, request: randomUUID() });
  return { status, type: "application/json", body: text };
}

function plain(status: number, body: string): WebAnswer {
  return { status, type: "text/html", body };
}

function isForm(type: string): boolean {
  return type.startsWith("application/x-www-form-urlencoded");
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
