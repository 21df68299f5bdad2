import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { type Config, type Linode, type State, timestamp } from "../state/model";
import { checkConfigUpdate } from "../validation/config-update";
import { interfaceViews } from "./instance-interfaces";
import { findLinode } from "./instances";

export const listConfigs: Handler = ({ store: { state } }, call) => {
  const linode = findLinode(state, call.id("linodeId"));
  return new Listing(linode.configs.map((config) => configView(state, linode, config)));
};

export const getConfig: Handler = ({ store: { state } }, call) => {
  const linode = findLinode(state, call.id("linodeId"));
  return configView(state, linode, findConfig(linode, call.id("configId")));
};

/** Comes with every update of a Linode, also of its label: it must neither reboot nor lose anything. */
export const updateConfig: Handler = ({ store }, call) => {
  const linodeId = call.id("linodeId");
  const configId = call.id("configId");
  const linode = findLinode(store.state, linodeId);
  const update = checkConfigUpdate(call.body, findConfig(linode, configId), linode);
  return store.change((draft) => {
    const record = findLinode(draft, linodeId);
    const config = findConfig(record, configId);
    Object.assign(config, update, { updated: timestamp() });
    return configView(draft, record, config);
  });
};

function findConfig(linode: Linode, id: number): Config {
  const config = linode.configs.find((candidate) => candidate.id === id);
  if (!config) throw notFound();
  return config;
}

function configView(state: Readonly<State>, linode: Linode, config: Config) {
  return {
    id: config.id,
    label: config.label,
    comments: config.comments,
    kernel: config.kernel,
    memory_limit: config.memoryLimit,
    run_level: config.runLevel,
    virt_mode: config.virtMode,
    root_device: config.rootDevice,
    init_rd: null,
    initrd: null,
    interfaces: interfaceViews(state, linode),
    devices: config.devices,
    helpers: config.helpers,
    created: config.created,
    updated: config.updated,
  };
}
