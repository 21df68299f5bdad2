import type { Machines } from "../types";
import type { Lifecycle } from "./lifecycle";
import type { Store } from "./state/store";
import type { Walls } from "./walls";

/** Who the token belongs to, as `GET /profile` tells it. */
export interface ProfileOptions {
  username: string;
  email: string;
  restricted: boolean;
  twoFactorAuth: boolean;
}

/** All that a handler may use. */
export interface Cloud {
  readonly store: Store;
  readonly machines: Machines;
  readonly walls: Walls;
  readonly lifecycle: Lifecycle;
  readonly profile: ProfileOptions;
  readonly log: (line: string) => void;
}
