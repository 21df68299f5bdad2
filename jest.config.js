// One project a layer, so that a layer can be run alone (`npm run test:<layer>`).
// Jest transpiles without type-checking; `npm run check` owns the types.
const layer = (name, extra = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  transform: {
    "^.+\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2022" } }],
  },
  testEnvironment: "node",
  ...extra,
});

/** A booted host answers when it can: a row that says nothing of its own has this long. */
const HOSTS = { testTimeout: 120_000 };

module.exports = {
  testSequencer: "<rootDir>/test/slowest-first.js",
  projects: [
    ...["unit", "component", "api"].map((name) => layer(name)),
    ...["host", "e2e", "engine"].map((name) => layer(name, HOSTS)),
  ],
};
