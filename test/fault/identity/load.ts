// Callers that never stop, and that remember each call that failed.
import type { Client } from "@connectrpc/connect";
import type { GuardedService } from "../../gen/samspel/test/v1/guarded_pb.ts";

export interface Load {
  /** Calls that were answered so far. */
  readonly answered: number;
  /** Resolves after so many more answers. */
  goOn(calls: number): Promise<void>;
  /** Stops the callers; what failed. */
  stop(): Promise<readonly string[]>;
}

/** @param callers how many call at a time. */
export function loadOn(client: Client<typeof GuardedService>, callers: number): Load {
  const failures: string[] = [];
  const waiting = new Map<() => void, number>();
  let answered = 0;
  const ended = new AbortController();
  const call = async (number: number): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        // Some take longer than a rotation, so that there are always calls in flight.
        await client.who({ takesMs: number === 0 ? 200 : 1 });
        answered++;
      } catch (error) {
        failures.push(String(error));
      }
      for (const [resolve, until] of waiting) {
        if (answered + failures.length < until) continue;
        waiting.delete(resolve);
        resolve();
      }
    }
  };
  const ends = Promise.all(Array.from({ length: callers }, (_, number) => call(number)));
  return {
    get answered() {
      return answered;
    },
    goOn: (calls) => new Promise((resolve) => void waiting.set(resolve, answered + failures.length + calls)),
    async stop() {
      ended.abort();
      await ends;
      return failures;
    },
  };
}
