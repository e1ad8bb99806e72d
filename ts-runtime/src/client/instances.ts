// The instances of one proto service, kept as channels. Invariants:
//   I1. An instance that leaves the registry gets no new call; its calls in flight finish (C3).
//   I2. A caller that finds none waits for the first, no longer than its deadline.
import type { Logger } from "../telemetry/index.ts";
import type { Channel } from "./channel.ts";
import type { ChannelPool } from "./channel-pool.ts";
import type { InstanceSource, Target, TargetWatch } from "./instance-source.ts";

export interface Instances {
  readonly channels: readonly Channel[];
  /** Why an instance that is there may not be called; undefined where all may. For messages. */
  readonly refused: string | undefined;
  /** Resolves when there is an instance, or when `ms` are over, or when the signal aborts (I2). */
  waitForFirst(ms: number, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

export function watchInstances(
  source: InstanceSource,
  protoService: string,
  pool: ChannelPool,
  logger: Logger | undefined,
): Instances {
  const watch = source.watch(protoService);
  const waiting = new Set<() => void>();
  let channels: readonly Channel[] = [];
  let refused: string | undefined;
  let open = true;

  let seen: readonly Target[] | undefined;
  const update = (): void => {
    if (!open || seen === watch.current) return;
    seen = watch.current;
    const usable = seen.filter((target) => pool.refusalOf(target) === undefined);
    refused = seen.flatMap((target) => pool.refusalOf(target) ?? [])[0];
    const next = usable.map((target) => pool.acquire(target));
    for (const channel of channels) pool.release(channel);
    channels = next;
    if (channels.length > 0) for (const wake of waiting) wake();
  };
  update();
  follow(watch, update).catch((error: unknown) => {
    logger?.error({ err: error, protoService }, "the watch of instances ended");
  });

  return {
    get channels() {
      // The watch may have learnt of a change that its iteration has yet to yield.
      update();
      return channels;
    },
    get refused() {
      return refused;
    },
    waitForFirst: (ms, signal) =>
      new Promise((resolve) => {
        if (!open || channels.length > 0 || signal?.aborted === true) return resolve();
        const done = (): void => {
          waiting.delete(done);
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        waiting.add(done);
        signal?.addEventListener("abort", done, { once: true });
      }),
    close() {
      open = false;
      watch[Symbol.dispose]();
      for (const channel of channels) pool.release(channel);
      channels = [];
      for (const wake of waiting) wake();
    },
  };
}

async function follow(watch: TargetWatch, onChange: () => void): Promise<void> {
  for await (const _ of watch) onChange();
}
