// A span for each message that leaves the outbox and belongs to a trace, where anybody wants spans (A3).
import {
  createTracing,
  extractTrace,
  isSampled,
  traceHeadersOf,
  type RunningSpan,
} from "../telemetry/index.ts";
import type { OutboxRow } from "./outbox-table.ts";

export interface RelayedTrace {
  /** What the message is sent with. */
  readonly headers: OutboxRow["headers"];
  readonly span?: RunningSpan;
}

/** Continues the traces of a stream's rows. */
export function createRelaySpans(stream: string): (row: OutboxRow) => RelayedTrace {
  const tracing = createTracing();
  if (tracing === undefined) return ({ headers }) => ({ headers });
  return ({ headers, key, messageId }) => {
    if (headers["traceparent"] === undefined) return { headers };
    const parent = extractTrace({ get: (name) => headers[name] });
    if (!isSampled(parent)) return { headers };
    const span = tracing.start({
      type: "relay",
      name: `relay ${stream}`,
      parent,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "messaging.destination.name": stream,
        "messaging.message.id": messageId,
        "samspel.key": key,
      },
    });
    return { headers: { ...headers, ...traceHeadersOf(span.context) }, span };
  };
}
