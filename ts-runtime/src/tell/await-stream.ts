// Waiting until somebody tells a proto service something for the first time: most never are, and cost nothing till then.
import { createLatch } from "../resilience/index.ts";
import { apiErrorOf, streamNotFound, type Broker } from "../topic/index.ts";
import { tellStream } from "./address.ts";

const lookEveryMs = 10_000;

/**
 * Resolves when the stream of a proto service's tells is there, or `signal` aborts. The server says when it is made; who
 * may not hear that finds out within 10 s.
 */
export async function awaitTellStream(broker: Broker, service: string, signal: AbortSignal): Promise<void> {
  const { connection, manager, prefix } = broker;
  const stream = `${prefix}${tellStream(service)}`;
  const news = createLatch();
  const made = connection.subscribe(`$JS.EVENT.ADVISORY.STREAM.CREATED.${stream}`, {
    callback: () => news.set(),
  });
  const left = new AbortController();
  broker.onReconnect(() => news.set(), left.signal);
  try {
    while (!signal.aborted) {
      if (await exists(manager.streams.info(stream))) return;
      await news.wait(lookEveryMs, signal);
    }
  } finally {
    left.abort();
    if (!connection.isClosed()) made.unsubscribe();
  }
}

async function exists(info: Promise<unknown>): Promise<boolean> {
  try {
    await info;
    return true;
  } catch (error) {
    if (apiErrorOf(error) === streamNotFound) return false;
    throw error;
  }
}
