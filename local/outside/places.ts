import { ROUTER_IPV4 } from "../machines/network";

/** Held by the router of each cloud, so that its servers find it where they find the Internet. */
export const OUTSIDE_IPV4 = ROUTER_IPV4;

export const TIME_PORT = 123;
export const RELAY_PORT = 587;
export const WEB_PORT = 443;

export const PUSHOVER_PATH = "/1/messages.json";
