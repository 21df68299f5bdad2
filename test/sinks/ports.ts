/** What the sinks and those who use them agree on. */
import { ROUTER_IPV4 } from "../../local/machines/network";

/** Held by the router of a cloud, so that every host reaches it, as it would reach the Internet. */
export const SINK_IPV4 = ROUTER_IPV4;

/** Relays, by how they behave. */
export const SMTP_PORTS = {
  starttls: 587,
  implicit: 465,
  /** Takes connections and never says a word. */
  hanging: 2500,
  /** Shows a certificate that nobody trusts. */
  foreignCertificate: 2560,
  withoutTls: 2525,
  /** Answers 451 to every recipient. */
  busy: 2451,
} as const;

export const HTTPS_PORTS = { good: 443, foreignCertificate: 8443 } as const;

export interface Account {
  user: string;
  password: string;
}

export interface Ready {
  kind: "ready";
}

export interface ArrivedMail {
  kind: "mail";
  at: number;
  port: number;
  /** Who logged in at the relay. */
  user?: string;
  from: string;
  to: string[];
  /** Headers and text as they came. */
  data: string;
}

export interface ArrivedPost {
  kind: "post";
  at: number;
  port: number;
  path: string;
  method: string;
  type: string;
  body: string;
}

export type Arrived = ArrivedMail | ArrivedPost;
