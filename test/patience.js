/**
 * Limits of tests on booted hosts are written for a quiet machine, and several suites share the cores of this one.
 * A limit only ends what hangs, so it may be ample: where time is what is promised, a test measures it itself.
 */
const FACTOR = 3;
/** Of a test that says nothing of its own; jest knows none by layer. */
const { testTimeout } = require("../jest.config.js");

const ample = (limit) => (limit === undefined ? undefined : limit * FACTOR);

jest.setTimeout(ample(testTimeout));

for (const hook of ["beforeAll", "beforeEach", "afterEach", "afterAll"]) {
  const impatient = globalThis[hook];
  globalThis[hook] = (work, limit) => impatient(work, ample(limit));
}

const impatient = globalThis.it;
globalThis.it = Object.assign(
  (name, work, limit) => impatient(name, work, ample(limit)),
  impatient,
  {
    each:
      (...rows) =>
      (name, work, limit) =>
        impatient.each(...rows)(name, work, ample(limit)),
  },
);
