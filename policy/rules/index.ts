import { STEPS } from "./steps";
import { SERVERS } from "./servers";
import { WALLS } from "./walls";
import type { Rule } from "./rule";

export const RULES: readonly Rule[] = [...SERVERS, ...WALLS, ...STEPS];
