/** Servers made anew on purpose, on the embedded runner; the same on the real engine is test/engine's. */
import { traces } from "../machine-view";
import { TestCloud } from "./cloud";
import { describeReplacement } from "./replacement";

const cloud = new TestCloud("replace");

beforeAll(() => {
  cloud.down();
  cloud.up();
}, 900_000);

afterAll(() => {
  cloud.down();
  if (traces(cloud.paths).length > 0) throw new Error("something of the cloud is left");
}, 180_000);

describe("a server that is replaced", () => {
  describeReplacement(cloud);
});
