// What is measured of live topics: what came and went, and above all what was lost on purpose.
import { createCounter, isMeasured } from "../telemetry/index.ts";

/** Why a message was dropped: its reader is slow, or NATS is away. */
type DropReason = "slow" | "away";

export interface LiveMetrics {
  published(): void;
  dropped(reason: DropReason): void;
}

/** Of one topic. */
export function createLiveMetrics(topic: string): LiveMetrics {
  if (!isMeasured()) return { published: () => {}, dropped: () => {} };
  const published = createCounter("samspel.live.published");
  const dropped = createCounter("samspel.live.dropped");
  return {
    published: () => published(1, { "messaging.destination.name": topic }),
    dropped: (reason) =>
      dropped(1, { "messaging.destination.name": topic, "samspel.live.drop.reason": reason }),
  };
}
