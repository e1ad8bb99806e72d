// Calls stay in the caller's zone as long as it can bear them. Invariants:
//   Z1. The zone keeps so many of its calls as its healthy instances are of all, times the number of zones, and 40 % more
//       (Envoy's overprovisioning factor): all of them where it has its share, or somewhat less; a third where it has a
//       fourth of that. Callers are taken to be spread over the zones evenly.
//   Z2. What the zone does not keep goes to the others. So does a call whose instance here has many in flight, and several
//       times as many as one there.
import { isCheaper } from "./least-loaded.ts";
import type { Member } from "./member.ts";

const overprovisioning = 1.4;
/** Fewer in flight are no overload. */
const manyInFlight = 16;
const severalTimes = 4;

/** The share of calls that a zone keeps (Z1), from 0 to 1. @param all every member, healthy or not. */
export function keptShare(zone: string, healthyHere: number, all: readonly Member[]): number {
  const zones = new Set<string>([zone]);
  let weight = 0;
  for (const member of all) {
    zones.add(member.zone);
    weight += member.weight;
  }
  return weight === 0 ? 0 : Math.min(1, (overprovisioning * zones.size * healthyHere) / weight);
}

/** Whether a call had better go there, as it is crowded here (Z2). */
export function isCrowded(here: Member, there: Member, isStream: boolean, nowMs: number): boolean {
  const count = isStream ? here.load.streams : here.load.calls;
  const beside = isStream ? there.load.streams : there.load.calls;
  return (
    count >= manyInFlight &&
    count * there.weight > severalTimes * (beside + 1) * here.weight &&
    isCheaper(there, here, isStream, nowMs)
  );
}
