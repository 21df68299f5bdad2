import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

import { reasonOf } from "../errors";
import { emptyState, type State } from "./model";
import { MemoryStore } from "./store";

/** Keeps the state in one JSON file that survives a crash at any moment. */
export class FileStore extends MemoryStore {
  constructor(file: string) {
    super(existsSync(file) ? load(file) : emptyState(), (draft) => {
      replace(file, `${JSON.stringify(draft, null, 2)}\n`);
    });
  }
}

/** A reader, and a start after a crash, sees the old text or the new one and never half of one. */
function replace(file: string, text: string): void {
  const temporary = `${file}.new`;
  // Left over from a crash it might have another mode, which opening it again would keep.
  rmSync(temporary, { force: true });
  const handle = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
  syncDirectory(dirname(file));
}

/** Without this the rename itself may be lost with the power. */
function syncDirectory(directory: string): void {
  const handle = openSync(directory, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function load(file: string): State {
  try {
    const state = JSON.parse(readFileSync(file, "utf8")) as State;
    if ((state.version as number) !== 1) throw new Error(`its version is ${state.version}, not 1`);
    // A state from before a list or a kind of id was added has none of it.
    const empty = emptyState();
    return { ...empty, ...state, lastIds: { ...empty.lastIds, ...state.lastIds } };
  } catch (error) {
    throw new Error(
      `The local cloud cannot read its state ${file}: ${reasonOf(error)}. ` +
        "Restore the file, or take the local cloud down and bring it up anew.",
    );
  }
}
