import { type Entity, type Event, type Linode, type State, takeId, timestamp } from "./model";

export function linodeEntity(linode: Pick<Linode, "id" | "label">): Entity {
  const url = `/v4/linode/instances/${linode.id}`;
  return { id: linode.id, type: "linode", label: linode.label, url };
}

/** Records that `action` has begun; clients poll the event by its id until it is finished or failed. */
export function startEvent(state: State, action: string, linode: Linode): Event {
  const config = linode.configs[0];
  const event: Event = {
    id: takeId(state, "event"),
    action,
    status: "started",
    created: timestamp(),
    message: null,
    entity: linodeEntity(linode),
    secondaryEntity: config
      ? {
          id: config.id,
          type: "linode_config",
          label: config.label,
          url: `/v4/linode/instances/${linode.id}/configs/${config.id}`,
        }
      : null,
  };
  state.events.push(event);
  return event;
}

/** Records something that is done by the time its request is answered. */
export function noteEvent(state: State, action: string, linode: Linode): void {
  startEvent(state, action, linode).status = "finished";
}

/** Ends an event: well, or with the reason of the failure. */
export function endEvent(state: State, id: number, failure?: string): void {
  const event = state.events.find((candidate) => candidate.id === id);
  if (!event) return;
  event.status = failure === undefined ? "finished" : "failed";
  event.message = failure ?? null;
}
