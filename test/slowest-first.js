/**
 * The order of test files: the slowest first, so that the last one to end did not also begin last.
 *
 * Jest knows it from earlier runs; a fresh clone has none, and would go by the size of the files.
 */
const { default: Sequencer } = require("@jest/test-sequencer");

/** Minutes rather than seconds, slowest first; their order among the rest does not matter. */
const SLOW = [
  "mutation/mutation",
  "e2e/standing",
  "e2e/attack",
  "host/control-backups",
  "e2e/lifecycle",
  "e2e/people",
  "host/control-clock",
  "host/application-deploy",
  "host/control-application",
  "host/application-acme",
  "host/control-database-passwords",
  "host/control-database-access",
  "host/control-two-factor",
  "host/control-login-alerts",
  "host/control-login-alerts-delivery",
  "host/restore",
  "host/control-firewall",
  "e2e/replace",
  "host/backups-chaos",
  "host/control-database",
  "host/vault-push",
  "host/restore-refusals",
];

const rank = ({ path }) => {
  const at = SLOW.findIndex((name) => path.endsWith(`/${name}.test.ts`));
  return at < 0 ? SLOW.length : at;
};

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => rank(one) - rank(other));
  }
};
