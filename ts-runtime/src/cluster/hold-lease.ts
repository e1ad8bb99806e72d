// Waiting for a lease, and keeping it.
import { SamspelError } from "../errors/index.ts";
import { isTransient, type Database } from "../postgres/index.ts";
import { backoff, createLatch } from "../resilience/index.ts";
import { acquire, leaseChannel, release, remainingMs, renew, type Held } from "./lease-table.ts";
import type { Lease, LeaseOptions } from "./lease.ts";

const defaultTtlMs = 10_000;

/** Of the time to live, what a holder may use; the rest covers a renewal that is on its way (L2). */
const believedRatio = 0.8;

/** Waits until the lease is held; `undefined` when `signal` aborts before. A database that is away is waited for. */
export async function holdLease(options: LeaseOptions): Promise<Lease | undefined> {
  const { database, name, owner, signal, ttlMs = defaultTtlMs } = options;
  const released = createLatch();
  using _ = await database.listen(leaseChannel(database), () => released.set());
  for (let failures = 0; !signal.aborted;) {
    try {
      const askedAtMs = performance.now();
      const epoch = await database.bounded((sql) => acquire(sql, { name, owner, ttlMs }));
      if (epoch !== undefined) return keep({ database, held: { name, epoch }, askedAtMs, ttlMs, signal });
      failures = 0;
      // A holder that renews is looked at again before it could have died unnoticed for long.
      const leftMs = await database.bounded((sql) => remainingMs(sql, name));
      await released.wait(Math.min(ttlMs / 3, leftMs) + 10, signal);
    } catch (error) {
      if (!isTransient(error)) throw error;
      database.logger.warn({ err: error, lease: name }, "database away: waiting for the lease");
      await backoff(++failures, signal);
    }
  }
  return undefined;
}

interface Keeping {
  readonly database: Database;
  readonly held: Held;
  /** When the lease was asked for: its time began after that. */
  readonly askedAtMs: number;
  readonly ttlMs: number;
  readonly signal: AbortSignal;
}

function keep({ database, held, askedAtMs, ttlMs, signal }: Keeping): Lease {
  const lost = new AbortController();
  const stopped = new AbortController();
  const ended = AbortSignal.any([lost.signal, stopped.signal]);
  let believedUntilMs = askedAtMs + ttlMs * believedRatio;

  const lose = (why: string): void => {
    if (ended.aborted) return;
    database.logger.warn({ lease: held.name, epoch: String(held.epoch) }, `lease lost: ${why}`);
    lost.abort(new SamspelError("SAMSPEL_LEASE_LOST", `Lost the lease "${held.name}": ${why}`));
  };

  const doubt = setInterval(() => {
    if (performance.now() > believedUntilMs) lose("the database did not confirm it in time");
  }, ttlMs / 20).unref();

  const renewing = (async () => {
    const pace = createLatch();
    let failures = 0;
    await pace.wait(ttlMs / 3, ended);
    while (!ended.aborted) {
      const askedAtMs = performance.now();
      try {
        if (!(await database.bounded((sql) => renew(sql, held, ttlMs))))
          return lose("another instance holds it");
        believedUntilMs = askedAtMs + ttlMs * believedRatio;
        failures = 0;
        await pace.wait(ttlMs / 3, ended);
      } catch (error) {
        if (!isTransient(error)) return lose(`renewing failed: ${String(error)}`);
        await backoff(++failures, ended, { maxMs: ttlMs / 10 });
      }
    }
  })();

  const end = async (): Promise<void> => {
    stopped.abort();
    clearInterval(doubt);
    await renewing;
    // Where the release does not get through, the time to live does it.
    await release(database, held).catch((error: unknown) => {
      database.logger.warn({ err: error, lease: held.name }, "lease not released: it will expire");
    });
  };
  let ending: Promise<void> | undefined;
  const releaseOnce = (): Promise<void> => (ending ??= end());
  return {
    ...held,
    signal: AbortSignal.any([lost.signal, signal]),
    release: releaseOnce,
    [Symbol.asyncDispose]: releaseOnce,
  };
}
