// Lines as they come, to a browser that may be slower than they are.
import { setTimeout as sleep } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LogLineSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { timestampOf } from "../time.ts";
import type { LogLine } from "./log-line.ts";
import type { LogFilter, LogStore } from "./log-store.ts";

export interface WatchLogsOptions {
  readonly filter: LogFilter;
  readonly last: number;
  readonly follow: boolean;
}

/** So that a flood comes in pieces, and not line by line. */
const restMs = 100;
/** A follower that is behind gets the latest of a piece; numbers show what is missing. */
const mostAtOnce = 1_000;

/** The latest lines, and then those that come. */
export async function* watchLogs(
  store: LogStore,
  { filter, last, follow }: WatchLogsOptions,
  signal: AbortSignal,
): AsyncGenerator<readonly LogLine[], void> {
  let seen = store.latest;
  yield store.find(filter, { after: 0, last });
  if (!follow) return;
  let wake: (() => void) | undefined;
  const leave = store.onLine(() => wake?.());
  const end = (): void => wake?.();
  signal.addEventListener("abort", end, { once: true });
  try {
    while (!signal.aborted) {
      if (store.latest === seen) {
        const news = Promise.withResolvers<void>();
        wake = news.resolve;
        await news.promise;
        continue;
      }
      const after = seen;
      seen = store.latest;
      const lines = store.find(filter, { after, last: mostAtOnce });
      if (lines.length > 0) yield lines;
      await sleep(restMs, undefined, { signal }).catch(() => {});
    }
    signal.throwIfAborted();
  } finally {
    leave();
    signal.removeEventListener("abort", end);
  }
}

export function lineMessage({ number, timeMs, ...line }: LogLine): MessageInitShape<typeof LogLineSchema> {
  return { ...line, number: BigInt(number), time: timestampOf(timeMs) };
}
