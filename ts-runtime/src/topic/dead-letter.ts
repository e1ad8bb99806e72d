// Dead letters: messages that a subscription gave up, kept whole with the reason (T2).
import { headers, type MsgHdrs } from "nats";
import type { Broker } from "./broker.ts";
import type { Delivery } from "./delivery.ts";
import { encodeValue, messageIdHeader } from "./headers.ts";
import { deadLetterSubject, ensureDeadLetterStream } from "./stream.ts";
import type { Subscription } from "./subscribe.ts";

const maxErrorLength = 1_024;

/** Parks a message; resolves when it is stored. Parking one again is harmless. */
export async function parkDeadLetter(
  broker: Broker,
  subscription: Subscription,
  delivery: Delivery,
  error: unknown,
): Promise<void> {
  await ensureDeadLetterStream(broker);
  const { topic, group } = subscription;
  await broker.connection
    .jetstream()
    .publish(deadLetterSubject(broker.prefix, group, topic), delivery.message.data, {
      headers: deadLetterHeaders(group, delivery, error),
    });
}

function deadLetterHeaders(group: string, delivery: Delivery, error: unknown): MsgHdrs {
  const result = headers();
  for (const [name, values] of delivery.message.headers ?? []) {
    if (name.toLowerCase().startsWith("nats-")) continue; // instructions to JetStream about the first publishing
    for (const value of values) result.append(name, value);
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  result.set(messageIdHeader, `${group}/${delivery.stream}/${delivery.sequence}`);
  result.set("Samspel-Error", readable(text.slice(0, maxErrorLength)));
  result.set("Samspel-Attempts", String(delivery.attempt));
  result.set("Samspel-Group", group);
  result.set("Samspel-Stream", delivery.stream);
  result.set("Samspel-Sequence", String(delivery.sequence));
  return result;
}

/** One line of printable ASCII with its spaces, as an error is for people to read. */
function readable(text: string): string {
  return text.replaceAll(/\s+/g, " ").split(" ").map(encodeValue).join(" ");
}
