import { randomInt } from "node:crypto";

import type { Handler } from "../handler";
import { RunnerError } from "../failures";

interface PasswordInputs {
  length: number;
  lower?: boolean;
  upper?: boolean;
  numeric?: boolean;
  special?: boolean;
  overrideSpecial?: string;
  minLower?: number;
  minUpper?: number;
  minNumeric?: number;
  minSpecial?: number;
}

/** `random.RandomPassword`: drawn once, then kept in the state. There is no `bcryptHash`. */
export const randomPasswordHandler: Handler = {
  create: (_, inputs) =>
    Promise.resolve({
      id: "none",
      outputs: { result: drawPassword(inputs as unknown as PasswordInputs) },
    }),
};

/** A password with at least as many characters of each class as asked for, in random order. */
export function drawPassword(inputs: PasswordInputs): string {
  const { overrideSpecial: special = "!@#$%&*()-_=+[]{}<>:?" } = inputs;
  const classes = [
    { use: inputs.lower, least: inputs.minLower, characters: "abcdefghijklmnopqrstuvwxyz" },
    { use: inputs.upper, least: inputs.minUpper, characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { use: inputs.numeric, least: inputs.minNumeric, characters: "0123456789" },
    { use: inputs.special, least: inputs.minSpecial, characters: special },
  ].filter(({ use, characters }) => use !== false && characters !== "");
  const all = classes.map(({ characters }) => characters).join("");
  if (all === "") throw new RunnerError("a password needs at least one class of characters");
  const drawn = classes.flatMap(({ least = 0, characters }) => draw(least, characters));
  if (drawn.length > inputs.length)
    throw new RunnerError("`length` is less than the sum of `min…`");
  return shuffled([...drawn, ...draw(inputs.length - drawn.length, all)]).join("");
}

function draw(count: number, characters: string): string[] {
  return Array.from({ length: count }, () => characters.charAt(randomInt(characters.length)));
}

function shuffled(items: string[]): string[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other] ?? "", items[last] ?? ""];
  }
  return items;
}
