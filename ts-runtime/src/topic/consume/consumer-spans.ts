// A span for each attempt at a message, or at a batch, where anybody wants spans: it continues the publisher's trace (A3).
import {
  causesOf,
  createTracing,
  extractTrace,
  failureOf,
  type SpanAttributes,
  type Tracing,
} from "../../telemetry/index.ts";
import type { Delivery } from "./delivery.ts";
import { Postponed, type ConsumerOptions, type Work } from "./options.ts";

type Described = Pick<ConsumerOptions<never>, "name" | "group">;

/** The options, with work that runs in spans; themselves where nobody wants them. */
export function inSpans<T>(options: ConsumerOptions<T>): ConsumerOptions<T> {
  const tracing = createTracing();
  return tracing === undefined ? options : { ...options, work: workInSpans(options, tracing) };
}

function workInSpans<T>(about: ConsumerOptions<T>, tracing: Tracing): Work<T> {
  const { work } = about;
  if (work.type === "single") {
    return {
      type: "single",
      handle: (value, delivery) =>
        attempt(
          tracing,
          {
            about,
            parent: extractTrace(delivery.message.headers),
            attributes: { ...about.describe?.(value), ...attributesOf(delivery) },
          },
          () => work.handle(value, delivery),
        ),
    };
  }
  return {
    type: "batch",
    maxBatch: work.maxBatch,
    handle: (values, deliveries) =>
      attempt(
        tracing,
        {
          about,
          ...causesOf(deliveries.map(({ message }) => extractTrace(message.headers))),
          attributes: { "messaging.batch.message_count": values.length },
        },
        () => work.handle(values, deliveries),
      ),
  };
}

interface Attempt {
  readonly about: Described;
  readonly parent: ReturnType<typeof extractTrace>;
  readonly links?: ReturnType<typeof causesOf>["links"];
  readonly attributes: SpanAttributes;
}

async function attempt(
  tracing: Tracing,
  { about: { name, group }, parent, links = [], attributes }: Attempt,
  work: () => unknown,
): Promise<unknown> {
  const span = tracing.start({
    type: "process",
    name: `process ${name}`,
    parent,
    links,
    attributes: {
      "messaging.system": "nats",
      "messaging.operation.type": "process",
      "messaging.destination.name": name,
      "messaging.consumer.group.name": group,
      ...attributes,
    },
  });
  try {
    return await span.within(work);
  } catch (error) {
    const { type, message } = failureOf(error);
    // Not the message's fault, and no failure of its handler.
    if (error instanceof Postponed) span.set({ "error.type": "postponed" });
    else span.fail(type, message);
    throw error;
  } finally {
    span.end();
  }
}

function attributesOf({ message, key, attempt }: Delivery): SpanAttributes {
  return {
    "messaging.message.id": message.headers.get("ce-id") ?? `${message.stream}/${message.sequence}`,
    "samspel.key": key,
    "samspel.attempt": attempt,
  };
}
