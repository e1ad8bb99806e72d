// The pulse of a process: it says that the process lives, renews its leases, and finds out what falls to it.
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { SamspelError } from "../errors/index.ts";
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import {
  acquire,
  confirm,
  leaseChannel,
  listLeases,
  pulse,
  release,
  type Held,
  type PulseView,
} from "./cluster-table.ts";
import type { Cluster } from "./cluster.ts";
import { rangeName } from "./ranges.ts";
import { createWork, type Work } from "./work.ts";

export interface ClusterOptions {
  /** Migrated. */
  readonly database: Database;
  /** This process, for people who look at the leases, such as `cart@host/4711`. A random end makes it unique. */
  readonly instance: string;
  readonly logger: Logger;
  /**
   * What a dead instance held is taken over after so long. Default 5,000 ms; renewed every third of it. Work moves
   * within 5 s of a crash then, and ends where the database does not answer for 4 s.
   */
  readonly ttlMs?: number;
  /** A clock that does not go back, in milliseconds. Default `performance.now`; for tests. */
  readonly now?: () => number;
}

const defaultTtlMs = 5_000;

/** Of the time to live, what a holder may use; the rest covers a renewal that is on its way (L2). */
const believedRatio = 0.8;

/** Between two pulses that others' releases and arrivals wake. */
const minPulseMs = 10;

/** Joins the instances that share this database's work. */
export function createCluster(options: ClusterOptions): Cluster {
  const { database, logger, ttlMs = defaultTtlMs, now = () => performance.now() } = options;
  const instance = `${options.instance}/${randomBytes(4).toString("hex")}`;
  const works = new Map<string, Work>();
  const news = createLatch();
  const ending = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  let pulsing: Promise<void> | undefined;

  /** Runs one statement after the other (L5). */
  const inTurn = <T>(statement: () => Promise<T>): Promise<T> => {
    const result = turn.then(statement);
    turn = result.catch(() => {});
    return result;
  };

  const look = async (): Promise<PulseView> => {
    const askedAtMs = now();
    const believedUntilMs = askedAtMs + ttlMs * believedRatio;
    const members = [...works.values()].filter((work) => work.takesPart);
    const held = members.flatMap((work) => work.held());
    const view = await pulse(database, {
      instance,
      ttlMs,
      works: members.map(({ name }) => name),
      leases: members.flatMap(({ leaseNames }) => leaseNames),
      held,
    });
    for (const work of members) {
      work.settle(view, { asked: held, believedUntilMs });
      work.assign([instance, ...view.members.filter((m) => m.work === work.name).map((m) => m.instance)]);
    }
    await take(members, view);
    for (const work of members) work.review();
    return view;
  };

  /** Takes what falls to this instance and is free. */
  const take = async (members: readonly Work[], view: PulseView): Promise<void> => {
    const names = members
      .flatMap((work) => work.wanted())
      .filter((name) => (view.leases.get(name)?.owner ?? instance) === instance);
    if (names.length === 0) return;
    const believedUntilMs = now() + ttlMs * believedRatio;
    const taken = await acquire(database, { instance, ttlMs, names });
    for (const work of members) work.take(taken, believedUntilMs);
  };

  /** What is soonest: the own renewal, or the end of somebody who may be dead. */
  const nextLookMs = (view: PulseView): number => {
    const ends = [...view.members, ...view.leases.values()]
      .filter((entry) => !("owner" in entry) || entry.owner !== instance)
      .map(({ leftMs }) => leftMs + 1);
    const settling = [...works.values()].map((work) => work.settlesInMs());
    return Math.max(minPulseMs, Math.min(ttlMs / 3, ...ends, ...settling));
  };

  const pulseOn = async (): Promise<void> => {
    using listening = new DisposableStack();
    let listens = false;
    let failures = 0;
    while (!ending.signal.aborted) {
      try {
        if (!listens) {
          listening.use(await database.listen(leaseChannel(database), () => news.set()));
          listens = true;
        }
        if (works.size === 0) {
          await news.wait(ttlMs, ending.signal);
          continue;
        }
        const view = await inTurn(look);
        failures = 0;
        await news.wait(nextLookMs(view), ending.signal);
        await sleep(minPulseMs);
      } catch (error) {
        failures++;
        const level = isTransient(error) && failures < 5 ? "warn" : "error";
        logger[level]({ err: error, failures }, "leases cannot be renewed now: trying again");
        await backoff(failures, ending.signal, { maxMs: ttlMs / 5 });
      }
    }
  };

  const doubt = setInterval(() => {
    for (const work of works.values()) work.doubt();
  }, ttlMs / 20).unref();

  /** Where it does not get through, the time to live does it. */
  const letGo = (work: string, collect: () => readonly Held[], leaves: boolean): Promise<void> =>
    inTurn(async () => {
      const held = collect();
      if (held.length > 0 || leaves)
        await release(database, { instance, held, ...(leaves ? { leaves: work } : {}) });
    }).catch((error: unknown) => logger.warn({ err: error, work }, "leases not released: they will expire"));

  const close = async (): Promise<void> => {
    ending.abort();
    clearInterval(doubt);
    await pulsing;
  };
  return {
    instance,
    async share({ name, ranges = 16, signal }, run) {
      if (works.has(name)) throw new TypeError(`Cannot share "${name}" as this process shares it already`);
      if (ending.signal.aborted) throw new TypeError(`Cannot share "${name}" as the cluster is closed`);
      const work = createWork({
        name,
        ranges,
        signal,
        run,
        instance,
        logger,
        now,
        letGo: (collect, leaves) => letGo(name, collect, leaves),
        wake: () => news.set(),
      });
      works.set(name, work);
      pulsing ??= pulseOn();
      news.set();
      try {
        await work.run();
      } finally {
        works.delete(name);
      }
    },
    async confirm(name, held) {
      const wanted = held.map(({ range, epoch }) => ({ name: rangeName(name, range), epoch }));
      const standing = await confirm(database, wanted);
      const lost = wanted.find((lease) => !standing.has(lease.name));
      if (lost !== undefined)
        throw new SamspelError(
          "SAMSPEL_LEASE_LOST",
          `Lost the lease "${lost.name}": its epoch is not ${lost.epoch} any more`,
        );
    },
    leases: () => listLeases(database),
    close,
    [Symbol.asyncDispose]: close,
  };
}
