/** Where archives lie: the backup server's vault, or the database server's own spool. */
import type { ChildProcess } from "node:child_process";

import { UserError } from "../../local/cli/user-error";
import type { Host, Servers } from "../stacks/servers";
import { MANIFEST_BYTES_MAX } from "./manifest";

export type Place = "vault" | "database";
export const PLACES: readonly Place[] = ["vault", "database"];

const NAME = /^((?:full-\d{8}T\d{6}Z-[0-9a-f]{8})|(?:log-[0-9a-f]{8}-\d{6,10}))\.(age|manifest)$/;
const TOOLS: Record<Place, { host: Host; tool: string }> = {
  vault: { host: "backup", tool: "/usr/local/sbin/stronghold-vault" },
  database: { host: "db", tool: "/usr/local/sbin/stronghold-backup" },
};

/** What there is under one id. */
export interface Stored {
  id: string;
  /** Bytes of the files that are there. */
  age?: number;
  manifest?: number;
}

export class Store {
  readonly host: Host;
  private readonly tool: string;

  constructor(
    readonly place: Place,
    private readonly servers: Servers,
  ) {
    ({ host: this.host, tool: this.tool } = TOOLS[place]);
  }

  /** By id, the oldest full archive first and logs after them. */
  async list(): Promise<Map<string, Stored>> {
    const { stdout } = await this.answer("list");
    const stored = new Map<string, Stored>();
    for (const line of stdout
      .split("\n")
      .filter((text) => text !== "")
      .sort()) {
      const [name = "", bytes = ""] = line.split("\t");
      const [, id = "", part] = NAME.exec(name) ?? [];
      // Whatever else is there is none of ours, and is never asked for.
      if (part !== "age" && part !== "manifest") continue;
      stored.set(id, { ...(stored.get(id) ?? { id }), [part]: Number(bytes) });
    }
    return stored;
  }

  /** Manifests by id, in one connection. One that is longer than any is left out. */
  async manifests(entries: readonly Stored[]): Promise<Map<string, string>> {
    const wanted = entries.filter(({ manifest = Infinity }) => manifest <= MANIFEST_BYTES_MAX);
    // A name at a time, so that neither side has to keep more than that.
    const loop = `while IFS= read -r id; do printf "%s " "$id"; ${this.tool} show "$id.manifest" | base64 -w 0; echo; done`;
    const input = wanted.map(({ id }) => `${id}\n`).join("");
    const { code, stdout, stderr } = await this.servers.run(
      this.host,
      `sudo -n bash -c '${loop}'`,
      input,
    );
    if (code !== 0) throw this.failed("show", stderr);
    const texts = stdout.split("\n").map((line) => line.split(" "));
    return new Map(
      texts.map(([id = "", text = ""]) => [id, Buffer.from(text, "base64").toString()]),
    );
  }

  /** Starts to send an archive; its bytes come on stdout. */
  send(id: string): ChildProcess {
    return this.servers.start(this.host, `sudo -n ${this.tool} show ${id}.age`);
  }

  private async answer(words: string): Promise<{ stdout: string }> {
    const ran = await this.servers.run(this.host, `sudo -n ${this.tool} ${words}`);
    if (ran.code !== 0) throw this.failed(words, ran.stderr);
    return ran;
  }

  private failed(words: string, stderr: string): UserError {
    return new UserError(
      `\`${this.tool} ${words}\` failed on the server "${this.host}": ${stderr.trim()}`,
    );
  }
}
