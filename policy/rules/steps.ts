/** Rules about what is done on servers. */
import { COMMAND, COPY, type Rule, unless } from "./rule";

interface Connection {
  host: string;
  hostKey?: string;
  proxy?: Connection;
}

/** What the text of a private key, an enrolment or a password on a command line looks like. */
export const SECRET_TEXT =
  /PRIVATE KEY-----|AGE-SECRET-KEY-1|otpauth:\/\/|MYSQL_PWD=|--password=\S/;

export const STEPS: readonly Rule[] = [
  {
    name: "host-keys-verified",
    description: "No connection trusts a server that it cannot verify (catalogue G01).",
    repair: "Set hostKey in the connection, and in its proxy.",
    faults: ({ type, props }) => {
      if (type !== COMMAND && type !== COPY) return [];
      const { connection } = props as { connection: Connection };
      // A connection that is not known yet comes out of the provider's check with defaults and no host.
      const isVerified = (end: Connection): boolean => end.host === "" || "hostKey" in end;
      const proxied = "proxy" in connection ? [connection.proxy as Connection] : [];
      return [
        ...unless(isVerified(connection), "it does not verify the server"),
        ...unless(proxied.every(isVerified), "it does not verify the server on the way"),
      ];
    },
  },
  {
    name: "secrets-on-stdin",
    description:
      "No secret stands in a command or its environment, which logs and process lists show.",
    repair: "Send it as stdin.",
    faults: ({ type, props }) => {
      if (type !== COMMAND) return [];
      const texts = ["create", "update", "delete"].filter((key) =>
        SECRET_TEXT.test((props[key] ?? "") as string),
      );
      return [
        ...texts.map((key) => `a secret stands in its ${key}`),
        ...unless(!("environment" in props), "it hands over an environment"),
      ];
    },
  },
];
