/** What a run tells whoever started it. The process of `main.ts` prints each as one JSON line. */
import type { Plan } from "./plan";

export type Action = "create" | "update" | "replace" | "delete" | "same";

export interface ResourceEvent {
  event: "resource";
  resource: { urn: string; type: string; name: string };
  action: Action;
  /** `same` comes as `done` alone. */
  status: "started" | "done" | "failed";
  elapsedMs?: number;
  /** What the resource said of itself, or why it failed; never a secret. */
  message?: string;
}

/** Something worth telling that belongs to no step: a server found gone, a line that the program logged. */
export interface NoticeEvent {
  event: "notice";
  message: string;
}

/** Counts of custom resources; a replaced one counts as created, as with the real engine. */
export interface Summary {
  created: number;
  updated: number;
  deleted: number;
  same: number;
  durationMs: number;
}

/** The last event of an `up` or `destroy` that reached its end. Secret outputs are in clear and marked. */
export interface ResultEvent extends Summary {
  event: "result";
  outputs: Record<string, { value: unknown; secret: boolean }>;
}

/** The last event of a `plan`. */
export interface PlanEvent {
  event: "plan";
  plan: Plan;
  /** The same for people. */
  text: string;
}

/** The last event of a run that did not reach its end. */
export interface FailureEvent {
  event: "failure";
  failures: string[];
  interrupted: boolean;
}

export type RunnerEvent = ResourceEvent | NoticeEvent | ResultEvent | PlanEvent | FailureEvent;
export type Emit = (event: RunnerEvent) => void;
