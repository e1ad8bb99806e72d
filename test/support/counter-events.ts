// Events of counters, as an entity would append them.
import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import type { Journal } from "../../ts-runtime/src/journal/index.ts";
import { CounterEventSchema } from "../gen/samspel/test/v1/counter_pb.ts";

export type CounterEventInit = NonNullable<MessageInitShape<typeof CounterEventSchema>["event"]>;

export const incremented = (amount: bigint): CounterEventInit => ({ case: "incremented", value: { amount } });
export const wasReset: CounterEventInit = { case: "wasReset", value: {} };

/** Appends events to a counter whose revision is `expectedRevision`. */
export async function appendEvents(
  journal: Journal,
  entityId: string,
  expectedRevision: bigint,
  events: readonly CounterEventInit[],
): Promise<void> {
  const result = await journal.append({
    entityType: "counter",
    entityId,
    expectedRevision,
    events: events.map((event) => ({
      payload: toBinary(CounterEventSchema, create(CounterEventSchema, { event })),
    })),
    metadata: { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" },
  });
  if (result.type !== "appended") throw new Error(`Counter ${entityId}: ${result.type}`);
}

/** Adds 1 so many times to each of the counters, which are new. */
export async function countUp(journal: Journal, ids: readonly string[], times: number): Promise<void> {
  for (let revision = 0n; revision < times; revision++) {
    await Promise.all(ids.map((id) => appendEvents(journal, id, revision, [incremented(1n)])));
  }
}
