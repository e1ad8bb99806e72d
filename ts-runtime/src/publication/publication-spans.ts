// The trace of a published message: that of the command whose event it comes from (A3).
import type { RangedEvent } from "../journal/index.ts";
import {
  contextOfEvent,
  createTracing,
  isSampled,
  traceHeadersOf,
  type RunningSpan,
} from "../telemetry/index.ts";

/** What a message carries on. */
export interface MessageTrace {
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Ends when it is known what became of the message. */
  readonly span?: RunningSpan;
}

export interface PublishedMessage {
  readonly event: Pick<RangedEvent, "metadata" | "entityType" | "entityId" | "revision">;
  readonly id: string;
  readonly key: string;
}

const none: MessageTrace = { headers: undefined };

/** Gives each message of a topic its trace: with a span where anybody wants spans, else the event's own. */
export function createPublicationSpans(topic: string): (message: PublishedMessage) => MessageTrace {
  const tracing = createTracing();
  return ({ event, id, key }) => {
    const { metadata } = event;
    if (metadata["traceparent"] === undefined) return none;
    const parent = tracing === undefined ? undefined : contextOfEvent(metadata);
    if (tracing === undefined || parent === undefined || !isSampled(parent)) return { headers: metadata };
    const span = tracing.start({
      type: "publish",
      name: `publish ${topic}`,
      parent,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "messaging.destination.name": topic,
        "messaging.message.id": id,
        "samspel.key": key,
        "samspel.entity.type": event.entityType,
        "samspel.entity.id": event.entityId,
        "samspel.revision": Number(event.revision),
      },
    });
    return { headers: traceHeadersOf(span.context), span };
  };
}
