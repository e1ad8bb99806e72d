// Runs a live subscription: one message at a time, until the stop.
import type { Logger } from "../telemetry/index.ts";
import type { Broker } from "../topic/index.ts";
import { listenLive } from "./listen-live.ts";
import { inSpans } from "./live-spans.ts";
import { contextOf, decodeLive } from "./live-message.ts";
import type { LiveSubscription } from "./subscribe-live.ts";

export interface RunLiveSubscriptionOptions {
  readonly subscription: LiveSubscription;
  readonly broker: Broker;
  readonly logger: Logger;
  /** The stop: no further message is handled. */
  readonly signal: AbortSignal;
  /** How long the running handler may take to finish then. Default 30,000 ms. */
  readonly graceMs?: number;
}

/** Resolves after the stop, when the handler has finished or its grace is over. */
export async function runLiveSubscription(options: RunLiveSubscriptionOptions): Promise<void> {
  const { subscription, broker, signal, graceMs = 30_000 } = options;
  const { topic, group, maxBuffered } = subscription;
  const handler = inSpans(subscription);
  const logger = options.logger.child({ topic: topic.name, group });
  const end = new AbortController();
  const onStop = (): void => void setTimeout(() => end.abort(), graceMs).unref();
  signal.addEventListener("abort", onStop, { once: true });
  if (signal.aborted) return;
  using listener = listenLive({ broker, topic, group, maxBuffered, signal });
  for (;;) {
    const received = await listener.next();
    if (received === undefined) return;
    const message = decodeLive(topic, received);
    if (message === undefined) {
      logger.warn({}, "live message cannot be decoded; dropped");
      continue;
    }
    try {
      const work = handler(message, contextOf(topic, received, message, end.signal));
      if (work instanceof Promise) await untilEnd(work, end.signal);
    } catch (error) {
      logger.warn({ err: error }, "live message failed; it is gone");
    }
  }
}

/** A handler that outlives the grace is left alone. */
async function untilEnd(work: Promise<void>, end: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const onEnd = (): void => resolve();
  end.addEventListener("abort", onEnd, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    end.removeEventListener("abort", onEnd);
  }
}
