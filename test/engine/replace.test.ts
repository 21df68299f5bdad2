/** Servers made anew on purpose on the real engine: the state is made way in, which the embedded runner has none of. */
import { TestCloud } from "../e2e/cloud";
import { describeReplacement } from "../e2e/replacement";
import { nothing, pulumiOf } from "./local-engine";

const cloud = new TestCloud("engine-replace");
const { pulumi, destroyAll } = pulumiOf(cloud);

beforeAll(() => {
  cloud.down();
  cloud.up("--engine", "pulumi");
}, 900_000);

afterAll(() => {
  cloud.down();
}, 180_000);

describe("a server that is replaced by the real engine", () => {
  describeReplacement(cloud);

  it("is protected as its predecessor was, without drift", async () => {
    expect(await pulumi("refresh", "--expect-no-changes")).toMatchObject(nothing);
    await expect(pulumi("destroy")).rejects.toThrow(/destroy failed/);
    expect(cloud.status().machines).toHaveLength(3);
  }, 300_000);

  it("goes with all others once they are released", async () => {
    await destroyAll();
    expect(cloud.status().machines).toEqual([]);
  }, 300_000);
});
