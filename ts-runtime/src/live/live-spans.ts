// A span for each live message that is handled and belongs to a trace, where anybody wants spans (A3).
import { createTracing, extractTrace, isSampled } from "../telemetry/index.ts";
import type { LiveSubscription } from "./subscribe-live.ts";

/** The subscription's handler in spans; itself where nobody wants them. */
export function inSpans({ topic, group, handler }: LiveSubscription): LiveSubscription["handler"] {
  const tracing = createTracing();
  if (tracing === undefined) return handler;
  return (message, context) => {
    const parent = extractTrace(context.headers);
    if (!isSampled(parent)) return handler(message, context);
    const start = {
      type: "process",
      name: `process ${topic.name}`,
      parent,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.type": "process",
        "messaging.destination.name": topic.name,
        "messaging.message.id": context.id,
        "samspel.key": context.key,
        ...(group === undefined ? {} : { "messaging.consumer.group.name": group }),
      },
    } as const;
    return tracing.run(start, async () => handler(message, context));
  };
}
