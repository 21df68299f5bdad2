import { Listing, type Handler } from "../call";
import { notFound } from "../errors";
import { type Config, type Linode, timestamp } from "../state/model";
import { checkConfigUpdate } from "../validation/config-update";
import { findLinode } from "./instances";

export const listConfigs: Handler = ({ store }, call) =>
  new Listing(findLinode(store.state, call.id("linodeId")).configs.map(configView));

export const getConfig: Handler = ({ store }, call) =>
  configView(findConfig(findLinode(store.state, call.id("linodeId")), call.id("configId")));

/** Comes with every update of a Linode, also of its label: it must neither reboot nor lose anything. */
export const updateConfig: Handler = ({ store }, call) => {
  const linodeId = call.id("linodeId");
  const configId = call.id("configId");
  const linode = findLinode(store.state, linodeId);
  const update = checkConfigUpdate(call.body, findConfig(linode, configId), linode);
  return store.change((draft) => {
    const config = findConfig(findLinode(draft, linodeId), configId);
    Object.assign(config, update, { updated: timestamp() });
    return configView(config);
  });
};

function findConfig(linode: Linode, id: number): Config {
  const config = linode.configs.find((candidate) => candidate.id === id);
  if (!config) throw notFound();
  return config;
}

function configView(config: Config) {
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
    interfaces: [],
    devices: config.devices,
    helpers: config.helpers,
    created: config.created,
    updated: config.updated,
  };
}
