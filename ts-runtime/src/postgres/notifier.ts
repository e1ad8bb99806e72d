// Notifications in transactions of their own, one statement at a time for all channels.
import type { Logger } from "../telemetry/index.ts";
import { backoff, endsWithin } from "../resilience/index.ts";
import { textArray } from "./array-text.ts";
import type { Bounded } from "./bounded.ts";

export interface Notifier {
  /** Sends a notification behind the one that is under way; those of a channel that wait are one. */
  notify(channel: string): void;
  /** Sends what waits, for a second at the most, and sends nothing from then on. */
  close(): Promise<void>;
}

export interface NotifierOptions {
  readonly bounded: Bounded;
  /** What all notifications carry. */
  readonly payload: string;
  readonly logger: Logger;
}

const closeWithinMs = 1_000;

/** While the process lives, what fails is sent again. */
export function createNotifier({ bounded, payload, logger }: NotifierOptions): Notifier {
  const closing = new AbortController();
  let waiting = new Set<string>();
  let sending: Promise<void> | undefined;

  const send = async (): Promise<void> => {
    for (let failures = 0; waiting.size > 0;) {
      const names = waiting;
      // A new one each time: a set whose entries come and go keeps what it has outgrown.
      waiting = new Set();
      try {
        await bounded(
          (sql) =>
            sql`select pg_notify(name, ${payload}) from unnest(${textArray([...names])}::text[]) as name`,
        );
        failures = 0;
      } catch (error) {
        logger.debug({ err: error, channels: [...names] }, "a notification failed: sending it again");
        if (closing.signal.aborted) break;
        for (const name of names) waiting.add(name);
        await backoff(++failures, closing.signal);
      }
    }
    // In the same turn as the look at what waits: what comes from now on is sent anew.
    sending = undefined;
  };

  return {
    notify(channel) {
      if (closing.signal.aborted) return;
      waiting.add(channel);
      sending ??= send();
    },
    async close() {
      closing.abort();
      await endsWithin(sending ?? Promise.resolve(), closeWithinMs);
    },
  };
}
