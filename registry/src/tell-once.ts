// One registry that is away is one event, though each watch and each registration notices it for itself.
//
//   T1. Of those that get no answer for the same reason within `togetherMs`, the first is told. What the registry
//       refuses is told each time: that is a matter of each.
//   T2. The end is told when the first of them has an answer again: the one that was told may no longer be watched.
import type { RegistryEvent } from "./events.ts";

const togetherMs = 10_000;

/** Messages may differ for ever. */
const maxOutages = 100;

interface Outage {
  readonly toldAt: number;
  /** What was lost, by the words of its events. */
  readonly lost: Set<string>;
}

/** Passes events on, those of one outage once. */
export function tellingOnce(
  onEvent: (event: RegistryEvent) => void,
  now: () => number = () => performance.now(),
): (event: RegistryEvent) => void {
  const outages = new Map<string, Outage>();
  const begin = (reason: string, what: string): void => {
    outages.delete(reason);
    outages.set(reason, { toldAt: now(), lost: new Set([what]) });
    const [oldest] = outages.keys();
    if (outages.size > maxOutages && oldest !== undefined) outages.delete(oldest);
  };
  return (event) => {
    if (event.type === "unreachable") {
      const { what, error } = event;
      const reason = error.retryable ? error.message.replace(what, "") : error.message;
      const outage = outages.get(reason);
      if (outage !== undefined && now() - outage.toldAt <= togetherMs) {
        outage.lost.add(what);
        return;
      }
      begin(reason, what);
    } else if (event.type === "recovered") {
      const over = [...outages].filter(([, { lost }]) => lost.has(event.what));
      for (const [reason] of over) outages.delete(reason);
      if (over.length === 0) return;
    }
    onEvent(event);
  };
}
