// How far a group is behind, as this process sees it.
import { isMeasured, observeGauge } from "../../telemetry/index.ts";
import type { PartitionWork } from "./partition-work.ts";

/** What is measured. */
export interface LagSource {
  readonly held: ReadonlyMap<number, PartitionWork<unknown>>;
  /** How many messages were not delivered yet; undefined where nothing is read. */
  readonly pending: () => Promise<number | undefined>;
}

/** Measures the lag until it is disposed of; nothing where nobody asks. */
export function observeLag(
  { group, name }: { readonly group: string; readonly name: string },
  { held, pending }: LagSource,
): Disposable | undefined {
  if (!isMeasured()) return undefined;
  const attributes = { "messaging.consumer.group.name": group, "messaging.destination.name": name };
  const observing = new DisposableStack();
  const observeMessages = async (): Promise<number | undefined> => {
    const undelivered = await pending();
    if (undelivered === undefined) return undefined;
    return [...held.values()].reduce((sum, { undone }) => sum + undone.size, undelivered);
  };
  observing.use(observeGauge("samspel.consumer.lag", attributes, observeMessages));
  observing.use(observeGauge("samspel.consumer.lag.age", attributes, () => ageOfOldest(held)));
  return observing;
}

function ageOfOldest(held: LagSource["held"]): number {
  let oldest = Infinity;
  for (const { undone } of held.values()) {
    for (const { content } of undone.values()) {
      if (content === undefined) continue;
      oldest = Math.min(oldest, content.message.storedAt.getTime());
      break;
    }
  }
  return oldest === Infinity ? 0 : Math.max(0, (Date.now() - oldest) / 1_000);
}
