// Tells that are handled leave their stream: it is a queue, no log. A dead letter has a copy of its own.
import { createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { groupPositions, type Broker } from "../topic/index.ts";
import { tellGroup, tellPartitionSubject, tellStream } from "./address.ts";

const sweepEveryMs = 30_000;

/** Removes what is handled, now and then, until `signal` aborts. Any number of instances may do so at once. */
export async function sweepTells({
  broker,
  service,
  logger,
  signal,
  everyMs = sweepEveryMs,
}: {
  readonly broker: Broker;
  readonly service: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Default 30,000 ms. */
  readonly everyMs?: number;
}): Promise<void> {
  const pace = createLatch();
  const swept = new Map<number, number>();
  while (!signal.aborted) {
    // Jittered, as all instances of a service start together.
    await pace.wait(everyMs * (0.5 + Math.random()), signal);
    if (signal.aborted) return;
    try {
      await sweepOnce(broker, service, swept);
    } catch (error) {
      logger.debug({ err: error, service }, "handled tells not removed: trying again later");
    }
  }
}

/** `swept` is how far each partition was swept before. */
export async function sweepOnce(
  broker: Broker,
  service: string,
  swept: Map<number, number> = new Map(),
): Promise<void> {
  const { manager, prefix } = broker;
  const stream = `${prefix}${tellStream(service)}`;
  for (const [partition, position] of await groupPositions(broker, { stream, group: tellGroup })) {
    if (position <= (swept.get(partition) ?? 0)) continue;
    const filter = `${prefix}${tellPartitionSubject(service, partition)}`;
    await manager.streams.purge(stream, { filter, seq: position + 1 });
    swept.set(partition, position);
  }
}
