/** The keys of the backups: two pairs from two seeds, their private halves never in clear. */
import { BackupCredentials } from "../../components/backup-credentials";
import { keyPairFromSeed } from "../../components/lib/ssh-key-pairs";
import { type Recording, record, seedOf } from "./recorder";

const NAMES = { signingKey: "backups-signing-key", pushKey: "backups-push-key" };

function recordCredentials(): Promise<Recording> {
  return record(() => {
    const { signingKey, pushKey } = new BackupCredentials("backups");
    return { signingKey, pushKey };
  });
}

it("are drawn as one seed each, and nothing else is", async () => {
  const { resources } = await recordCredentials();
  const made = resources.filter(({ type }) => type !== "pulumi:pulumi:Stack");
  expect(made.map(({ type, name, parent, inputs }) => ({ type, name, parent, inputs }))).toEqual([
    { type: "stronghold:index:BackupCredentials", name: "backups", parent: "", inputs: {} },
    ...Object.values(NAMES).map((name) => ({
      type: "random:index/randomPassword:RandomPassword",
      name,
      parent: "backups",
      inputs: { length: 64, special: false },
    })),
  ]);
});

it("are offered with the private half as a secret and the public half in clear", async () => {
  const { outputs, componentOutputs } = await recordCredentials();
  for (const [key, name] of Object.entries(NAMES)) {
    const { privateKey, publicKey } = keyPairFromSeed(seedOf(name));
    const expected = { privateKey: { secret: privateKey }, publicKey };
    expect(outputs[key]).toEqual(expected);
    expect(componentOutputs["backups"]?.[key]).toEqual(expected);
  }
});
