// Listening to a live topic, with a bounded buffer between NATS and whoever reads.
//
// V1. A slow reader costs a bounded amount of memory: the oldest messages make room for new ones, as a live view wants
//     what is, not what was. Each one that is dropped is counted.
import type { Msg } from "nats";
import type { LiveTopicDescriptor } from "../descriptor/index.ts";
import type { Broker } from "../topic/index.ts";
import { liveSubject } from "./live-message.ts";
import { createLiveMetrics } from "./live-metrics.ts";

export interface ListenLiveOptions {
  readonly broker: Broker;
  readonly topic: LiveTopicDescriptor;
  /** Who shares the messages: each goes to one listener of the group. Default: this listener gets all. */
  readonly group: string | undefined;
  /** How many messages wait at most. Default 1,024. */
  readonly maxBuffered?: number;
  /** How many bytes wait at most. Default 4 MiB. */
  readonly maxBufferedBytes?: number;
  readonly signal: AbortSignal;
}

/** A live topic that is being listened to; one `next` at a time. */
interface LiveListener extends Disposable {
  /** How many messages were dropped because the reader was slow. */
  readonly dropped: number;
  /** The next message; `undefined` once the signal has aborted. */
  next(): Promise<Msg | undefined>;
}

/** Begins to listen: what is published once NATS has heard of it, is heard. */
export function listenLive(options: ListenLiveOptions): LiveListener {
  const { broker, topic, group, signal, maxBuffered = 1_024, maxBufferedBytes = 4 * 1024 * 1024 } = options;
  const metrics = createLiveMetrics(topic.name);
  const waiting: Msg[] = [];
  let bytes = 0;
  let dropped = 0;
  let wake: (() => void) | undefined;

  const isFull = (): boolean =>
    waiting.length > maxBuffered || (bytes > maxBufferedBytes && waiting.length > 1);
  const take = (): Msg | undefined => {
    const message = waiting.shift();
    if (message !== undefined) bytes -= message.data.length;
    return message;
  };
  const onMessage = (message: Msg): void => {
    waiting.push(message);
    bytes += message.data.length;
    while (isFull()) {
      take(); // V1
      dropped += 1;
      metrics.dropped("slow");
    }
    wake?.();
  };
  const onAbort = (): void => wake?.();
  signal.addEventListener("abort", onAbort, { once: true });
  // nats.js subscribes again after a reconnection.
  const subscription = broker.connection.subscribe(liveSubject(broker.prefix, topic), {
    ...(group === undefined ? {} : { queue: group }),
    callback: (error, message) => {
      if (error === null) onMessage(message);
      else broker.logger.warn({ err: error, topic: topic.name }, "live topic: NATS reports an error");
    },
  });

  return {
    get dropped() {
      return dropped;
    },
    async next() {
      for (;;) {
        if (signal.aborted) return undefined;
        const message = take();
        if (message !== undefined) return message;
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
    },
    [Symbol.dispose]() {
      signal.removeEventListener("abort", onAbort);
      if (!broker.connection.isClosed()) subscription.unsubscribe();
    },
  };
}
