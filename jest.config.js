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

module.exports = {
  testSequencer: "<rootDir>/test/slowest-first.js",
  projects: ["unit", "component", "api", "host", "e2e", "engine"].map((name) => layer(name)),
};
