// Where in a topic to begin.
import { DeliverPolicy, type OrderedConsumerOptions } from "nats";
import { UsageError } from "../backoffice/usage-error.ts";
import { timeOf } from "../call/time.ts";

type Place = Partial<Pick<OrderedConsumerOptions, "deliver_policy" | "opt_start_seq" | "opt_start_time">>;

/** @throws UsageError for what is no place. */
export function placeOf(from: string, now: number = Date.now()): Place {
  // Without a policy the client begins with message 1; with `All`, the server refuses what it sends.
  if (from === "beginning") return {};
  if (from === "end") return { deliver_policy: DeliverPolicy.New };
  if (/^[1-9]\d*$/.test(from))
    return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Number(from) };
  const ago = /^\d+(\.\d+)?(ms|s|m|h)$/.test(from) ? timeOf(from) : undefined;
  const time = new Date(ago === undefined ? from : now - ago);
  if (!Number.isNaN(time.getTime()))
    return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: time.toISOString() };
  throw new UsageError(
    `--from must be beginning, end, a time such as 2026-01-31T12:00:00Z, so long ago as 10m, or a number in the stream: current value is "${from}"`,
  );
}
