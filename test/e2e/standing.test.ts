/**
 * One environment as the default settings make it, and all that is asked of it as it stands.
 *
 * The parts follow one another on the same servers: what looks comes before what changes something.
 */
import { outputFaults } from "../../components/lib/outputs-contract";
import { describeAccess } from "./access";
import { describeAlerts } from "./alerts";
import { TestCloud } from "./cloud";
import { describeData } from "./data";
import { describeDeploy } from "./deploy";
import { describeSecrets } from "./secrets";

const cloud = new TestCloud("standing");

beforeAll(() => {
  cloud.down();
}, 180_000);

afterAll(() => {
  cloud.down();
}, 180_000);

describe("secrets", () => {
  // Brings it up, as it watches that.
  describeSecrets(cloud);
});

describe("outputs", () => {
  it.each([[[]], [["--show-secrets"]]])("keep the contract %j", (flags: string[]) => {
    expect(outputFaults(cloud.status(...flags).outputs)).toEqual([]);
  });
});

describe("access", () => {
  describeAccess(cloud);
});

describe("alerts", () => {
  describeAlerts(cloud);
});

describe("deploys", () => {
  // Before the data, so that an application serves while the database's passwords change.
  describeDeploy(cloud);
});

describe("data", () => {
  describeData(cloud);
});
