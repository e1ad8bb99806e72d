// Appends under all weathers: groups, the failures of groups, and outcomes that are not known.
//
// Invariants:
//   P1. An append that was committed is never reported as failed, except where the database stayed away for longer
//       than `retryForMs`; the error says then that the outcome is unknown.
//   P2. A failure is that of one entity (J7): a group that is refused is tried again one by one.
import { randomUUID } from "node:crypto";
import { SamspelError } from "../errors/index.ts";
import { isTransient, isUniqueViolation, type Database } from "../postgres/index.ts";
import { backoff } from "../resilience/index.ts";
import { runAppends, type IdentifiedAppend } from "./append-statement.ts";
import { createEarlyAnalyze } from "./early-analyze.ts";
import { eventChannel } from "./event-channel.ts";
import { createGroup, type Pending } from "./group.ts";
import type { Append, AppendResult } from "./journal.ts";

export interface AppenderOptions {
  readonly database: Database;
  readonly maxPending: number;
  readonly maxBatch: number;
  readonly maxInFlight: number;
  readonly retryForMs: number;
}

export interface Appender {
  append(append: Append): Promise<AppendResult>;
  close(): Promise<void>;
}

type Entry = Pending<IdentifiedAppend, AppendResult>;

/** Long enough for any real id, short enough for an index. */
const maxIdLength = 500;

export function createAppender(options: AppenderOptions): Appender {
  const { database, retryForMs } = options;
  const channel = eventChannel(database);
  const statistics = createEarlyAnalyze(database);

  const run = async (group: readonly Entry[]): Promise<void> => {
    const startedAtMs = performance.now();
    for (let failures = 1; ; failures++) {
      try {
        const results = await runAppends(
          database.sql,
          channel,
          group.map(({ item }) => item),
        );
        for (const [index, { resolve, reject }] of group.entries()) {
          const result = results[index];
          if (result === undefined) reject(new Error("The journal gave fewer results than appends"));
          else resolve(result);
        }
        statistics.note(group.reduce((events, { item }) => events + item.events.length, 0));
        return;
      } catch (error) {
        // Another process wrote a revision or a command in the same instant: the next look sees it.
        const raced = isUniqueViolation(error);
        if (!raced && !isTransient(error)) return refuse(group, error);
        if (performance.now() - startedAtMs > retryForMs) throw outcomeUnknown(error, retryForMs);
        if (raced && group.length > 1) return oneByOne(group);
        if (!raced) {
          database.logger.warn({ err: error, appends: group.length }, "append interrupted: looking again");
          await backoff(failures, undefined, { initialMs: 20, maxMs: 500 });
        }
      }
    }
  };

  const oneByOne = async (group: readonly Entry[]): Promise<void> => {
    await Promise.all(group.map((entry) => run([entry]).catch((error: unknown) => entry.reject(error))));
  };

  const refuse = async (group: readonly Entry[], error: unknown): Promise<void> => {
    if (group.length === 1) throw error;
    await oneByOne(group);
  };

  const group = createGroup<IdentifiedAppend, AppendResult>({
    ...options,
    what: "appends",
    keyOf: ({ entityType, entityId }) => `${entityType}\0${entityId}`,
    run,
  });
  return {
    async append(append) {
      checkId("entityType", append.entityType);
      checkId("entityId", append.entityId);
      if (append.command !== undefined) checkId("command id", append.command.id);
      return group.add({ ...append, appendId: randomUUID() });
    },
    async close() {
      await group.close();
      await statistics.close();
    },
  };
}

/** Two different strings must never become one id in the database: so no lone surrogates, which UTF-8 cannot hold. */
function checkId(what: string, id: string): void {
  if (id !== "" && id.length <= maxIdLength && id.isWellFormed() && !id.includes("\0")) return;
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${what} must have 1 to ${maxIdLength} characters, all of them valid Unicode and none NUL: current value is ${JSON.stringify(id.slice(0, 50))} of length ${id.length}`,
  );
}

function outcomeUnknown(cause: unknown, retryForMs: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    `The outcome of an append is unknown: the database did not answer for ${retryForMs} ms`,
    { cause, metadata: { outcome: "unknown" } },
  );
}
