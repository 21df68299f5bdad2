import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In memory where there is such a folder: what is written here never reaches a disk. */
const FOLDER = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/**
 * A file that lies in no folder: reached only by way of this process, by programs of the same user,
 * and gone with this process, however that ends.
 */
export class NamelessFile {
  private readonly fd: number;

  constructor(content = "") {
    const name = join(FOLDER, `stronghold-${randomBytes(12).toString("hex")}`);
    this.fd = openSync(name, "wx+", 0o600);
    // Before anything is in it.
    rmSync(name);
    this.write(content);
  }

  /** For programs to open, as often as they like. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.fd}`;
  }

  write(content: string): void {
    writeSync(this.fd, content);
  }

  /** All that was written to it, by whomever. */
  text(): string {
    return readFileSync(this.path, "utf8");
  }

  close(): void {
    closeSync(this.fd);
  }
}
