// Appends under all weathers: groups, the failures of groups, and outcomes that are not known.
//
// Invariants:
//   P1. An append that was committed is never reported as failed, except where the database stayed away for longer
//       than `retryForMs`; the error says then that the outcome is unknown.
//   P2. A failure is that of one entity (J7): a group that is refused is tried again one by one.
//   P3. A group goes the quick way first where all that it rests on is known; whatever happens to it there, the
//       judging statement has the last word.
import { randomUUID } from "node:crypto";
import { isTransient, isUniqueViolation, tookNoEffect, type Database } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import { createAppendMetrics } from "./append-metrics.ts";
import { runAppends } from "./append-statement.ts";
import { readersOf } from "./channels.ts";
import { checkAppend } from "./check-append.ts";
import { createEarlyAnalyze } from "./early-analyze.ts";
import { createGroup, type Pending } from "./group.ts";
import { createIncarnations } from "./incarnations.ts";
import type { Append, AppendResult } from "./journal.ts";
import { noOutcome } from "./no-outcome.ts";
import { runQuickAppends } from "./quick-append.ts";

export interface AppenderOptions {
  readonly database: Database;
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly maxBatch: number;
  readonly maxEventBytes: number;
  readonly maxInFlight: number;
  readonly retryForMs: number;
}

export interface Appender {
  readonly incarnation: number;
  append(append: Append): Promise<AppendResult>;
  close(): Promise<void>;
}

interface Judging {
  /** As the group has at most one append of an entity (G1), one id tells all of them (S1). */
  readonly appendId: string;
  /** Whether an attempt before may have been committed, though its answer was lost. */
  readonly doubt?: boolean;
}

type Entry = Pending<Append, AppendResult>;

export function createAppender(options: AppenderOptions): Appender {
  const { database, maxEventBytes, retryForMs } = options;
  const wakeReaders = readersOf(database);
  const statistics = createEarlyAnalyze(database);
  const incarnations = createIncarnations();
  const metrics = createAppendMetrics();

  const run = async (group: readonly Entry[]): Promise<void> => {
    const appendId = randomUUID();
    const { known = [], others = [] } = Object.groupBy(group, ({ item }) =>
      item.incarnation === incarnations.current && isPlain(item) ? "known" : "others",
    );
    await Promise.all([
      known.length > 0 ? runQuick(known, appendId) : undefined,
      others.length > 0 ? judge(others, { appendId }) : undefined,
    ]);
    statistics.note(group.reduce((events, { item }) => events + item.events.length, 0));
  };

  const runQuick = async (group: readonly Entry[], appendId: string): Promise<void> => {
    const startedAtMs = performance.now();
    try {
      const appends = group.map(({ item }) => item);
      const { written, server } = await database.bounded((sql) =>
        runQuickAppends(sql, { server: incarnations, appendId }, appends),
      );
      incarnations.note(server);
      if (!written) return await judge(group, { appendId });
    } catch (error) {
      // A conflict, a repeated command, a lost connection, a row that Postgres refuses: the next look tells which.
      const judging = { appendId, doubt: !tookNoEffect(error) };
      return mayHang(error) ? oneByOne(group, judging) : judge(group, judging);
    }
    metrics.appended(group.length, startedAtMs);
    for (const entry of group) {
      const { expectedRevision, events } = entry.item;
      entry.resolve({ type: "appended", revision: expectedRevision + BigInt(events.length) });
    }
    wakeReaders(group.map(({ item }) => item));
  };

  const judge = async (group: readonly Entry[], { appendId, doubt = false }: Judging): Promise<void> => {
    const startedAtMs = performance.now();
    const sinceMs = Math.min(...group.map((entry) => entry.sinceMs));
    const appends = group.map(({ item }) => ({ ...item, appendId }));
    let inDoubt = doubt;
    for (let failures = 1; ; failures++) {
      try {
        const results = await database.bounded((sql) => runAppends(sql, appends));
        for (const [index, entry] of group.entries()) {
          const result = results[index];
          if (result === undefined) entry.reject(new Error("The journal gave fewer results than appends"));
          else entry.resolve(result);
        }
        metrics.judged(results, startedAtMs);
        wakeReaders(appends.filter((_, index) => results[index]?.type === "appended"));
        return;
      } catch (error) {
        // Another process wrote a revision or a command in the same instant: the next look sees it.
        const raced = isUniqueViolation(error);
        inDoubt ||= !tookNoEffect(error);
        if (!raced && !isTransient(error)) {
          if (group.length > 1) return oneByOne(group, { appendId, doubt: inDoubt });
          throw error;
        }
        if (performance.now() - sinceMs > retryForMs)
          throw noOutcome("an append", error, { retryForMs, inDoubt });
        if ((raced || mayHang(error)) && group.length > 1)
          return oneByOne(group, { appendId, doubt: inDoubt });
        if (!raced) {
          database.logger.warn({ err: error, appends: group.length }, "append interrupted: looking again");
          await backoff(failures, undefined, { initialMs: 20, maxMs: 500 });
        }
      }
    }
  };

  const oneByOne = async (group: readonly Entry[], judging: Judging): Promise<void> => {
    await Promise.all(
      group.map((entry) => judge([entry], judging).catch((error: unknown) => entry.reject(error))),
    );
  };

  const group = createGroup<Append, AppendResult>({
    ...options,
    what: "appends",
    keyOf: ({ entityType, entityId }) => `${entityType}\0${entityId}`,
    bytesOf: ({ events, command, snapshot, timers = [], tells }) =>
      events.reduce((bytes, { payload }) => bytes + payload.length, 0) +
      (command?.reply.length ?? 0) +
      (snapshot?.state.length ?? 0) +
      (tells === undefined ? 0 : tells.reduce((bytes, { body }) => bytes + body.length, 0)) +
      timers.reduce((bytes, change) => bytes + (change.type === "schedule" ? change.request.length : 0), 0),
    run,
  });

  /** What writes no event knows itself again by its command's record (S1), so this one gets one. */
  const addRecorded = async (append: Append): Promise<AppendResult> => {
    const command = { id: `append:${randomUUID()}`, reply: new Uint8Array() };
    const result = await group.add({ ...append, command });
    return result.type === "duplicate" ? { type: "appended", revision: result.revision } : result;
  };

  return {
    get incarnation() {
      return incarnations.current;
    },
    append(append) {
      const refused = checkAppend(append, maxEventBytes);
      if (refused !== undefined) return Promise.reject(refused);
      return leavesNoTrace(append) ? addRecorded(append) : group.add(append);
    },
    async close() {
      await group.close();
      await statistics.close();
    },
  };
}

/** Whether the primary keys can judge it: an event's key stands for the revision, but nothing does for a timer. */
function isPlain({ events, timers, fires }: Append): boolean {
  return events.length > 0 && timers === undefined && fires === undefined;
}

function leavesNoTrace({ events, command, timers, fires, tells }: Append): boolean {
  if (events.length > 0 || command !== undefined) return false;
  return timers !== undefined || fires !== undefined || tells !== undefined;
}

/** Postgres ended the statement over a lock or its time: some of its appends may go through without the others. */
function mayHang(error: unknown): boolean {
  return isTransient(error) && tookNoEffect(error);
}
