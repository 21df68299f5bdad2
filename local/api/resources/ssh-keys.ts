import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { type SshKey, type State, takeId, timestamp } from "../state/model";
import { Faults } from "../validation/faults";
import { isSshKey, SSH_KEY_FAULT } from "../validation/ssh-key";
import { vendor } from "../validation/vendor-schemas";

export const listSshKeys: Handler = ({ store }) => new Listing(store.state.sshKeys.map(view));

export const getSshKey: Handler = ({ store }, call) => view(find(store.state, call.id("keyId")));

export const createSshKey: Handler = ({ store }, { body }) => {
  new Faults()
    .schema(vendor.createSSHKeySchema, body)
    .check("ssh_key", () => isSshKey(body["ssh_key"]), SSH_KEY_FAULT)
    .throwIfAny();
  const { label, ssh_key: sshKey } = body as { label: string; ssh_key: string };
  return store.change((draft) => {
    const key = { id: takeId(draft, "sshKey"), label, sshKey, created: timestamp() };
    draft.sshKeys.push(key);
    return view(key);
  });
};

/** Only the label: another key is another resource. */
export const updateSshKey: Handler = ({ store }, call) => {
  const id = call.id("keyId");
  find(store.state, id);
  new Faults().schema(vendor.updateSSHKeySchema, call.body).throwIfAny();
  return store.change((draft) => {
    const key = find(draft, id);
    key.label = call.body["label"] as string;
    return view(key);
  });
};

export const deleteSshKey: Handler = ({ store }, call) => {
  const { id } = find(store.state, call.id("keyId"));
  store.change((draft) => {
    draft.sshKeys = draft.sshKeys.filter((key) => key.id !== id);
  });
  return {};
};

function find(state: Readonly<State>, id: number): SshKey {
  const key = state.sshKeys.find((candidate) => candidate.id === id);
  if (!key) throw notFound();
  return key;
}

function view({ id, label, sshKey, created }: SshKey) {
  return { id, label, ssh_key: sshKey, created };
}
