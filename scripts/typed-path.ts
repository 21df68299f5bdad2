import { homedir } from "node:os";
import { resolve } from "node:path";

/** A file as the operator names it: npm runs commands in the project's folder, not in the operator's. */
export function asTyped(file: string): string {
  return resolve(process.env["INIT_CWD"] ?? process.cwd(), file.replace(/^~(?=\/)/, homedir()));
}
