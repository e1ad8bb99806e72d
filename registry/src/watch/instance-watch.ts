// What users hold of a shared instance set: a watch of their own, which they dispose of.
import type { Instance } from "../instance.ts";
import type { InstanceSet, WatchStatus } from "./instance-set.ts";

/**
 * The live instances of one proto service. Iterating gives the current set as soon as it is known, then every
 * change; who is slow sees the latest only. Iteration ends with the watch.
 */
export interface InstanceWatch extends Disposable, AsyncIterable<readonly Instance[]> {
  readonly protoService: string;
  /** The set now, by id; empty before the first answer. */
  readonly current: readonly Instance[];
  readonly status: WatchStatus;
}

export function createInstanceWatch(
  protoService: string,
  set: InstanceSet,
  release: () => void,
): InstanceWatch {
  const disposed = new AbortController();
  const waiting = new Set<() => void>();
  return {
    protoService,
    get current() {
      return set.instances;
    },
    get status() {
      return set.status;
    },
    async *[Symbol.asyncIterator]() {
      let seen = 0;
      while (!disposed.signal.aborted) {
        if (set.version !== seen) {
          seen = set.version;
          yield set.instances;
          continue;
        }
        // Not Promise.race with a promise of the watch: that would keep a reaction for every change.
        const wait = Promise.withResolvers<void>();
        waiting.add(wait.resolve);
        void set.changed().then(wait.resolve);
        await wait.promise;
        waiting.delete(wait.resolve);
      }
    },
    [Symbol.dispose]() {
      if (disposed.signal.aborted) return;
      disposed.abort();
      for (const wake of waiting) wake();
      release();
    },
  };
}
