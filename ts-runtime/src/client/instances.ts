// The instances of one proto service, as candidates for its calls. Invariants:
//   I1. An instance that leaves the registry gets no new call; its calls in flight finish (C3).
//   I2. A caller that finds none waits for the first, no longer than its deadline.
//   I3. One that stays is the same candidate, whatever else changes: what is known of it is kept.
import type { DescMethod } from "@bufbuild/protobuf";
import type { InstanceQuery } from "@samspel/registry";
import { Balancer, UsualLatency, type Choice } from "../balance/index.ts";
import type { ServicePolicy } from "../policy/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { createBalanceEvents } from "./balance-events.ts";
import { Candidate } from "./candidate.ts";
import type { Channel, SharedChannel } from "./channel.ts";
import type { ChannelPool } from "./channel-pool.ts";
import type { InstanceSource, Target, TargetWatch } from "./instance-source.ts";

export interface Instances {
  /** A channel for the next attempt, one that was not tried if there is one; undefined when there is none. */
  pick(tried: ReadonlySet<Channel>, choice?: Choice): Channel | undefined;
  /** All of them. */
  readonly channels: readonly Channel[];
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
  readonly policy: () => ServicePolicy;
  /** The caller's zone; empty for none. */
  readonly zone: string;
  /** The process's own number, for its subset. */
  readonly seed: number;
  readonly logger: Logger | undefined;
}

const now = (): number => performance.now();

export function watchInstances(
  source: InstanceSource,
  watched: WatchedInstances,
  pool: ChannelPool,
): Instances {
  const { protoService, query, policy, zone, seed, logger } = watched;
  const watch = source.watch(protoService, query);
  const waiting = new Set<() => void>();
  const usual = new WeakMap<DescMethod, UsualLatency>();
  const balancer: Balancer<Candidate> = new Balancer<Candidate>({
    policy,
    zone,
    seed,
    now,
    random: Math.random,
    onDoubt(candidate) {
      look(candidate).catch((error: unknown) => {
        logger?.error(
          { err: error, protoService, instance: candidate.name },
          "an instance was not looked at",
        );
      });
    },
    ...createBalanceEvents(protoService, logger),
  });
  const look = async (candidate: Candidate): Promise<void> => {
    const presence = await candidate.shared.look();
    if (presence === "renewed") candidate.load.forget(now());
    balancer.found(candidate, presence !== "silent");
  };
  const home = {
    balancer,
    now,
    usualOf(method: DescMethod): UsualLatency | undefined {
      let found = usual.get(method);
      if (found === undefined && method.methodKind === "unary")
        usual.set(method, (found = new UsualLatency()));
      return found;
    },
  };
  let held: readonly SharedChannel[] = [];
  let candidates = new Map<SharedChannel, Candidate>();
  let refused: string | undefined;
  let open = true;

  let seen: readonly Target[] | undefined;
  const update = (): void => {
    if (!open || seen === watch.current) return;
    seen = watch.current;
    const usable = seen.filter((target) => pool.refusalOf(target) === undefined);
    refused = seen.flatMap((target) => pool.refusalOf(target) ?? [])[0];
    const next = new Map<SharedChannel, Candidate>();
    const acquired = usable.map((target) => {
      const shared = pool.acquire(target);
      const known = candidates.get(shared);
      known?.update(target);
      next.set(shared, known ?? new Candidate(shared, target, home));
      return shared;
    });
    for (const shared of held) pool.release(shared);
    held = acquired;
    candidates = next;
    balancer.update([...next.values()]);
    if (next.size > 0) for (const wake of waiting) wake();
  };
  update();
  follow(watch, update).catch((error: unknown) => {
    logger?.error({ err: error, protoService }, "the watch of instances ended");
  });

  return {
    pick(tried, choice) {
      // The watch may have learnt of a change that its iteration has yet to yield.
      update();
      return balancer.pick(tried, choice);
    },
    get channels() {
      update();
      return [...candidates.values()];
    },
    hasAnother(tried) {
      update();
      return balancer.hasAnother(tried);
    },
    get isDoubted() {
      return watch.status?.type === "doubted";
    },
    get refused() {
      return refused;
    },
    waitForFirst: (ms, signal) =>
      new Promise((resolve) => {
        if (!open || candidates.size > 0 || signal?.aborted === true) return resolve();
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
      for (const shared of held) pool.release(shared);
      held = [];
      candidates = new Map();
      balancer.update([]);
      for (const wake of waiting) wake();
    },
  };
}

async function follow(watch: TargetWatch, onChange: () => void): Promise<void> {
  for await (const _ of watch) onChange();
}
