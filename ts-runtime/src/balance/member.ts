// An instance among those of a proto service: what balancing knows of it.
import type { InstanceLoad } from "./instance-load.ts";

/** Whether it gets calls. */
export type Standing =
  | { readonly type: "healthy" }
  /** Left out until then. */
  | { readonly type: "ejected"; readonly untilMs: number }
  /** Its time is over, and it is asked whether it is there. */
  | { readonly type: "probed" };

export const healthy: Standing = { type: "healthy" };
export const probed: Standing = { type: "probed" };

/** What ejection remembers of a member. Times are of the balancer's clock. */
export class MemberHealth {
  standing: Standing = healthy;
  /** Faults in a row. */
  faultsInRow = 0;
  /** Of the interval that began at `intervalMs`. */
  intervalAtMs: number = -Infinity;
  calls = 0;
  faults = 0;
  /** Ejections in a row. */
  ejections = 0;
  /** When it came back from the last one. */
  backAtMs: number = -Infinity;
  /** Since when it gets its share little by little; undefined for one that has all of it. */
  warmingSinceMs: number | undefined;
  /** When it was last asked whether it is there. */
  askedAtMs: number = -Infinity;
}

export interface Member {
  /** `host:port`: the same in all processes. */
  readonly name: string;
  /** Its share of calls beside the others', above 0. */
  readonly weight: number;
  /** Where it runs; empty where nobody said. */
  readonly zone: string;
  /** Of the instance, over all proto services. */
  readonly load: InstanceLoad;
  /** For this proto service: one may fail while others of the same process go well. */
  readonly health: MemberHealth;
  /** Calls and streams of this proto service, in flight. */
  inFlight: number;
}

export function isHealthy({ health }: Member): boolean {
  return health.standing.type === "healthy";
}
