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

const BOOTED = ["host", "e2e", "mutation", "engine"];

module.exports = {
  testSequencer: "<rootDir>/test/slowest-first.js",
  // For a test that says nothing of its own.
  testTimeout: 60_000,
  projects: [
    ...["unit", "component", "api"].map((name) => layer(name)),
    ...BOOTED.map((name) => layer(name, { setupFilesAfterEnv: ["<rootDir>/test/patience.js"] })),
  ],
};
