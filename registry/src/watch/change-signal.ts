// Tells those who have no long poll of their own that it is time to read.
//
//   C1. The sources are polled while somebody has joined, and only then.
//   C2. A change is told at once where none was within `restMs`, else when that is over: a deployment that changes
//       hundreds of instances a second makes one round of reading a second.
//   C3. Nothing is missed: who saw version n is told as soon as there is a later one, also if it came meanwhile.
//   C4. All the same everything is read once in a while, for what shows in no source: a node's new address, rights.
import type { ResolvedRegistryOptions } from "../options.ts";
import type { Source } from "./source.ts";

const restMs = 1_000;
const onceInAWhile = 4;

export interface ChangeSignal {
  readonly version: number;
  /** Begins to listen; the returned function ends it. */
  join(): () => void;
  /** Resolves when there is a version after `seen`, when it is time anyhow, or when `signal` aborts. */
  after(seen: number, signal: AbortSignal): Promise<void>;
}

export function createChangeSignal(
  { waitMs }: Pick<ResolvedRegistryOptions, "waitMs">,
  sources: readonly Source<unknown>[],
): ChangeSignal {
  const waiting = new Set<() => void>();
  let version = 0;
  let members = 0;
  let leave: readonly (() => void)[] = [];
  let toldAt = -Infinity;
  let due: NodeJS.Timeout | undefined;

  const tell = (): void => {
    due = undefined;
    toldAt = performance.now();
    version += 1;
    for (const wake of waiting) wake();
  };
  const note = (): void => {
    if (due !== undefined) return;
    const leftMs = toldAt + restMs - performance.now();
    if (leftMs <= 0) tell();
    else due = setTimeout(tell, leftMs);
  };
  const listen = (source: Source<unknown>): (() => void) => {
    let { index } = source;
    return source.subscribe(() => {
      if (source.index === index) return;
      index = source.index;
      // Without an index the registry is away; its next answer has one.
      if (index !== undefined) note();
    });
  };

  return {
    get version() {
      return version;
    },
    join() {
      members += 1;
      if (members === 1) {
        // The first answers of the sources may hide a change since the first reading: one more round, and not one each.
        toldAt = performance.now();
        leave = sources.map(listen);
      }
      return () => {
        members -= 1;
        if (members > 0) return;
        for (const end of leave) end();
        clearTimeout(due);
        due = undefined;
      };
    },
    after: (seen, signal) =>
      new Promise((resolve) => {
        if (version > seen || signal.aborted) return resolve();
        const done = (): void => {
          waiting.delete(done);
          clearTimeout(timer);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, onceInAWhile * waitMs);
        waiting.add(done);
        signal.addEventListener("abort", done, { once: true });
      }),
  };
}
