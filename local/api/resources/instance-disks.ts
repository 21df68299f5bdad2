import { Listing, type Handler } from "../call";
import { findLinode } from "./instances";

export const listDisks: Handler = ({ store }, call) => {
  const { disks, diskEncryption } = findLinode(store.state, call.id("linodeId"));
  return new Listing(
    disks.map((disk) => ({ ...disk, status: "ready", disk_encryption: diskEncryption })),
  );
};
