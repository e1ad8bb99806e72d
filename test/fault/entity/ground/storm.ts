// Clients that increment counters without a pause and remember what they were told. Half of the increments carry a
// command id and are sent again, with the same id, until there is an answer; the others are sent once.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { errorDetail } from "@samspel/runtime";
import type { Test } from "tap";
import { CounterService } from "../../../gen/samspel/test/v1/counter_pb.ts";
import type { Increment, Ledger, Outcome, Read } from "./ledger.ts";

export interface StormOptions {
  /** The instances' addresses; each attempt goes to the next one. */
  readonly urls: readonly string[];
  readonly counters: readonly string[];
  /** Amounts begin behind it, so that those of several storms are all different. Default 0. */
  readonly amountsAfter?: bigint;
  /** How many increments are under way at once. Default 8. */
  readonly writers?: number;
  /** How many reads are under way at once. Default 2. */
  readonly readers?: number;
  /** Of a single attempt. Default 10,000 ms. */
  readonly deadlineMs?: number;
  /** How long an increment with an id is sent again. Default 60,000 ms. */
  readonly patienceMs?: number;
}

export interface Storm {
  /** What was told until now. */
  readonly ledger: Ledger;
  /** Sends nothing new any more, and waits for what is under way. */
  stop(): Promise<Ledger>;
}

/** Codes that say for certain that nothing was written. */
const certain = new Set(["SAMSPEL_DATABASE_FULL", "SAMSPEL_OVERLOADED", "SAMSPEL_REVISION_CONFLICT"]);

/** Starts it; at the end of the test at the latest it is over. */
export function startStorm(t: Test, options: StormOptions): Storm {
  const {
    urls,
    counters,
    amountsAfter = 0n,
    writers = 8,
    readers = 2,
    deadlineMs = 10_000,
    patienceMs = 60_000,
  } = options;
  const clients = urls.map((url) => createClient(CounterService, createGrpcTransport({ baseUrl: url })));
  const increments: Increment[] = [];
  const reads: Read[] = [];
  const failures = new Map<string, number>();
  const progress = { amount: amountsAfter, turn: 0, slowestMs: 0, stopped: false, abandoned: false };

  const next = (): Client<typeof CounterService> => pick(clients, progress.turn++ % clients.length);
  const timed = async <T>(call: () => Promise<T>): Promise<T> => {
    const startedAtMs = performance.now();
    try {
      return await call();
    } finally {
      progress.slowestMs = Math.max(progress.slowestMs, performance.now() - startedAtMs);
    }
  };

  const attempt = async (increment: Omit<Increment, "outcome">): Promise<Outcome> => {
    const { counterId, amount, commandId } = increment;
    try {
      const { value } = await timed(() =>
        next().increment(
          { counterId, amount },
          {
            timeoutMs: deadlineMs,
            ...(commandId === undefined ? {} : { headers: { "samspel-command-id": commandId } }),
          },
        ),
      );
      return { type: "acknowledged", value, atMs: performance.now() };
    } catch (error) {
      const code = codeOf(error);
      failures.set(code, (failures.get(code) ?? 0) + 1);
      const isCertain = certain.has(code) || errorDetail(error)?.metadata["outcome"] === "not written";
      return { type: isCertain ? "refused" : "unknown", code };
    }
  };

  const send = async (commandId: string | undefined): Promise<void> => {
    const amount = ++progress.amount;
    const counterId = pick(counters, Math.floor(Math.random() * counters.length));
    const increment = { counterId, amount, commandId, sentAtMs: performance.now() };
    const untilMs = increment.sentAtMs + (commandId === undefined ? 0 : patienceMs);
    let outcome = await attempt(increment);
    while (outcome.type !== "acknowledged" && performance.now() < untilMs && !progress.abandoned) {
      await sleep(20 + 80 * Math.random());
      outcome = await attempt(increment);
    }
    increments.push({ ...increment, outcome });
    // Who cannot reach anybody does not try again at once.
    if (outcome.type !== "acknowledged") await sleep(20 + 30 * Math.random());
  };

  const read = async (): Promise<void> => {
    const counterId = pick(counters, Math.floor(Math.random() * counters.length));
    const sentAtMs = performance.now();
    try {
      const { value } = await timed(() => next().getCounter({ counterId }, { timeoutMs: deadlineMs }));
      reads.push({ counterId, value, sentAtMs, atMs: performance.now() });
    } catch (error) {
      const code = codeOf(error);
      failures.set(code, (failures.get(code) ?? 0) + 1);
      await sleep(50);
    }
  };

  const forever = async (work: () => Promise<void>): Promise<void> => {
    while (!progress.stopped) await work();
  };
  const running = Promise.all([
    ...Array.from({ length: writers }, (_, index) =>
      forever(() => send(index % 2 === 0 ? randomUUID() : undefined)),
    ),
    ...Array.from({ length: readers }, () => forever(read)),
  ]);
  t.teardown(async () => {
    progress.stopped = true;
    progress.abandoned = true;
    await running;
  });
  const ledger: Ledger = {
    increments,
    reads,
    failures,
    get slowestMs() {
      return progress.slowestMs;
    },
  };
  return {
    ledger,
    async stop() {
      progress.stopped = true;
      await running;
      return ledger;
    },
  };
}

function pick<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`No item ${index} of ${list.length}`);
  return item;
}

/** Ours where there is one, else gRPC's. */
function codeOf(error: unknown): string {
  const detail = errorDetail(error);
  if (detail !== undefined) return detail.code;
  return error instanceof ConnectError ? (Code[error.code] ?? String(error.code)) : String(error);
}
