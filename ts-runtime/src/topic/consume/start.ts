// Where a group begins, or is set to.
import { AckPolicy, DeliverPolicy, nanos } from "nats";
import type { Broker } from "../broker.ts";

/** With the first message there is, with the next one that comes, with a time, or with a number in the stream. */
export type Start = "beginning" | "end" | { readonly time: Date } | { readonly sequence: number };

const inactiveMs = 5_000;

/** The sequence before the first message that a start means. */
export async function positionOf(broker: Broker, stream: string, start: Start): Promise<number> {
  if (start === "beginning") return 0;
  const { manager } = broker;
  if (start === "end") return (await manager.streams.info(stream)).state.last_seq;
  if ("sequence" in start) return Math.max(0, start.sequence - 1);
  // The server knows: a consumer that begins there says what it takes for delivered.
  const consumer = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartTime,
    opt_start_time: start.time.toISOString(),
    inactive_threshold: nanos(inactiveMs),
    mem_storage: true,
    num_replicas: 1,
  });
  await manager.consumers.delete(stream, consumer.name).catch(() => {});
  return consumer.delivered.stream_seq;
}
