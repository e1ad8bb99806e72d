// One registry that is away is one event, though each watch and each registration notices it for itself.
//
//   T1. Of those that fail for the same reason within `togetherMs`, the first is told.
//   T2. Who was told to be lost is told to be back, and nobody else.
import type { RegistryEvent } from "./events.ts";

const togetherMs = 10_000;

/** Passes events on, those of one outage once. */
export function tellingOnce(
  onEvent: (event: RegistryEvent) => void,
  now: () => number = () => performance.now(),
): (event: RegistryEvent) => void {
  const toldAt = new Map<string, number>();
  const lost = new Set<string>();
  return (event) => {
    if (event.type === "recovered") {
      if (lost.delete(event.what)) onEvent(event);
      return;
    }
    if (event.type === "unreachable") {
      const at = now();
      for (const [reason, then] of toldAt) if (at - then > togetherMs) toldAt.delete(reason);
      const reason = event.error.message.replace(event.what, "");
      if (toldAt.has(reason)) return;
      toldAt.set(reason, at);
      lost.add(event.what);
    }
    onEvent(event);
  };
}
