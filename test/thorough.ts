/**
 * Whether this run also repeats what an ordinary one has proved once: the other engine, every further way to turn a
 * check red, more rounds of chaos. `npm test -- --thorough`, or STRONGHOLD_THOROUGH=1 for a layer alone.
 */
export const THOROUGH = process.env["STRONGHOLD_THOROUGH"] === "1";
