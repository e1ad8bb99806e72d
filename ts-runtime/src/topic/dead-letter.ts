// Dead letters: messages that a subscription gave up, kept whole with the reason (T2).
import { headers, type MsgHdrs } from "nats";
import type { Broker } from "./broker.ts";
import { encodeValue, messageIdHeader } from "./headers.ts";
import { deadLetterSubject, ensureDeadLetterStream } from "./stream.ts";

/** What is to be parked. */
export interface Parking {
  readonly group: string;
  /** The topic's name. */
  readonly topic: string;
  readonly message: {
    readonly stream: string;
    readonly sequence: number;
    readonly subject: string;
    readonly data: Uint8Array;
    readonly rawHeaders: MsgHdrs | undefined;
  };
  readonly error: unknown;
  readonly attempts: number;
  /** The latest failed attempts. */
  readonly history: readonly { readonly at: string; readonly error: string }[];
}

const maxErrorLength = 1_024;

/** Parks a message; resolves when it is stored. Parking one again is harmless. */
export async function parkDeadLetter(broker: Broker, parking: Parking): Promise<void> {
  await ensureDeadLetterStream(broker);
  const { topic, group, message } = parking;
  await broker.connection
    .jetstream()
    .publish(deadLetterSubject(broker.prefix, group, { name: topic }), message.data, {
      headers: deadLetterHeaders(parking),
    });
}

/** What is stored of a message beside its body. */
export function deadLetterHeaders({ group, message, error, attempts, history }: Parking): MsgHdrs {
  const result = headers();
  for (const [name, values] of message.rawHeaders ?? []) {
    if (name.toLowerCase().startsWith("nats-")) continue; // instructions to JetStream about the first publishing
    for (const value of values) result.append(name, value);
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  result.set(messageIdHeader, `${group}/${message.stream}/${message.sequence}`);
  result.set("Samspel-Error", readable(text.slice(0, maxErrorLength)));
  result.set("Samspel-Attempts", String(attempts));
  result.set("Samspel-Group", group);
  result.set("Samspel-Stream", message.stream);
  result.set("Samspel-Sequence", String(message.sequence));
  result.set("Samspel-Subject", message.subject);
  result.set("Samspel-History", encodeValue(JSON.stringify(history)));
  return result;
}

/** One line of printable ASCII with its spaces, as an error is for people to read. */
function readable(text: string): string {
  return text.replaceAll(/\s+/g, " ").split(" ").map(encodeValue).join(" ");
}
