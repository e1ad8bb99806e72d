// Where in a topic to begin.
import { DeliverPolicy, type ConsumerConfig, type StreamInfo } from "nats";

export type Place =
  | { readonly type: "beginning" | "end" }
  | { readonly type: "time"; readonly time: Date }
  /** With the message of this number in the stream. */
  | { readonly type: "sequence"; readonly sequence: number }
  /**
   * After the message of this number of the stream that was created then, or, where that is empty, of any; with the first
   * one in another stream, and in one that ends before it.
   */
  | { readonly type: "after"; readonly sequence: number; readonly created: string }
  /** So many numbers before the end. */
  | { readonly type: "last"; readonly count: number };

type Start = Pick<ConsumerConfig, "deliver_policy" | "opt_start_seq" | "opt_start_time">;

/** The same for a consumer of a stream. */
export function startOf(place: Place, { created, state }: Pick<StreamInfo, "created" | "state">): Start {
  const { last_seq: lastSequence } = state;
  switch (place.type) {
    case "beginning":
      return fromSequence(1);
    case "end":
      // A number: with a policy, what is published until the consumer is made would be missed.
      return fromSequence(lastSequence + 1);
    case "time":
      return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: place.time.toISOString() };
    case "sequence":
      return fromSequence(place.sequence);
    case "after": {
      const isOther = place.created !== "" && place.created !== created;
      return fromSequence(isOther || place.sequence > lastSequence ? 1 : place.sequence + 1);
    }
    case "last":
      return fromSequence(Math.max(1, lastSequence - place.count + 1));
  }
}

function fromSequence(sequence: number): Start {
  return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, sequence) };
}
