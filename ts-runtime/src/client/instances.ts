// The instances of one proto service, kept as channels. Invariants:
//   I1. An instance that leaves the registry gets no new call; its calls in flight finish (C3).
//   I2. A caller that finds none waits for the first, no longer than its deadline.
import type { InstanceQuery } from "@samspel/registry";
import type { Logger } from "../telemetry/index.ts";
import type { Channel } from "./channel.ts";
import type { ChannelPool } from "./channel-pool.ts";
import type { InstanceSource, Target, TargetWatch } from "./instance-source.ts";
import { createPick } from "./pick.ts";

export interface Instances {
  /** A channel for the next attempt, one that was not tried if there is one; undefined when there is none. */
  pick(tried: ReadonlySet<Channel>): Channel | undefined;
  /** Whether there is a channel that was not tried. */
  hasAnother(tried: ReadonlySet<Channel>): boolean;
  /** Whether the registry has no instance any more, and the last ones are kept in doubt of that (R5). */
  readonly isDoubted: boolean;
  /** Why an instance that is there may not be called; undefined where all may. For messages. */
  readonly refused: string | undefined;
  /** Resolves when there is an instance, or when `ms` are over, or when the signal aborts (I2). */
  waitForFirst(ms: number, signal: AbortSignal | undefined): Promise<void>;
  close(): void;
}

export interface WatchedInstances {
  readonly protoService: string;
  readonly query: InstanceQuery | undefined;
}

export function watchInstances(
  source: InstanceSource,
  { protoService, query }: WatchedInstances,
  pool: ChannelPool,
  logger: Logger | undefined,
): Instances {
  const watch = source.watch(protoService, query);
  const waiting = new Set<() => void>();
  let channels: readonly Channel[] = [];
  let pick = createPick<Channel>([]);
  let refused: string | undefined;
  let open = true;

  let seen: readonly Target[] | undefined;
  const update = (): void => {
    if (!open || seen === watch.current) return;
    seen = watch.current;
    const usable = seen.filter((target) => pool.refusalOf(target) === undefined);
    refused = seen.flatMap((target) => pool.refusalOf(target) ?? [])[0];
    const members = usable.map((target) => ({ channel: pool.acquire(target), weight: target.weight ?? 1 }));
    for (const channel of channels) pool.release(channel);
    channels = members.map(({ channel }) => channel);
    pick = createPick(members);
    if (channels.length > 0) for (const wake of waiting) wake();
  };
  update();
  follow(watch, update).catch((error: unknown) => {
    logger?.error({ err: error, protoService }, "the watch of instances ended");
  });

  return {
    pick(tried) {
      // The watch may have learnt of a change that its iteration has yet to yield.
      update();
      return pick(tried);
    },
    hasAnother(tried) {
      update();
      return channels.some((channel) => !tried.has(channel));
    },
    get isDoubted() {
      return watch.status?.type === "doubted";
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
      pick = createPick<Channel>([]);
      for (const wake of waiting) wake();
    },
  };
}

async function follow(watch: TargetWatch, onChange: () => void): Promise<void> {
  for await (const _ of watch) onChange();
}
