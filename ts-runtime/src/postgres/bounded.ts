// The runtime's own short statements, on connections of their own. What users write may run as long as it likes, and
// must not hold up an append; an append that hangs must not hold up its entity for ever.
//
// Invariants:
//   B1. Each statement settles within twice the patience, whatever the server, the network or another session does.
//       Postgres itself ends a wait for a lock after half of the patience, and a statement after three quarters; a
//       connection that is silent for all of it is broken; what still waits for one after twice of it is refused, and
//       is not run after that.
//   B2. No statement waits behind another one on a connection: one that hangs takes one connection, not its neighbours.
//   B3. All of these failures are transient: see `isTransient`. Which of them leave no doubt that nothing was written,
//       `tookNoEffect` tells.
import { SamspelError } from "../errors/index.ts";
import { Roster, type Place } from "../roster/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Sql } from "./database.ts";
import type { Sockets } from "./socket.ts";
import { createTurns } from "./turns.ts";
import { errorCodeOf, isTransient, noAnswer, statementTimeout } from "./transient.ts";

/** Runs a statement of the runtime's own: see `Database.bounded`. */
export type Bounded = <T>(statement: (sql: Sql) => PromiseLike<T>) => Promise<T>;

/** What Postgres is told at the start of a bounded connection, in milliseconds. */
export interface ServerLimits {
  readonly lock_timeout: number;
  readonly statement_timeout: number;
}

export function serverLimits(patienceMs: number): ServerLimits {
  return { lock_timeout: Math.ceil(patienceMs / 2), statement_timeout: Math.ceil((patienceMs * 3) / 4) };
}

export interface BoundedOptions {
  /** Of one connection each, under `serverLimits`. */
  readonly connections: readonly Sql[];
  readonly sockets: Sockets;
  readonly patienceMs: number;
  readonly logger: Logger;
}

/** A statement that is under way, or waits for a connection. */
interface Waiting {
  readonly sinceMs: number;
  readonly refuse: (error: unknown) => void;
}

const looksPerPatience = 10;

export function createBounded({ connections, sockets, patienceMs, logger }: BoundedOptions): Bounded {
  const waiting = new Roster<Waiting>();
  const turns = createTurns(connections);
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    sockets.listen();
    const now = performance.now();
    const { oldest } = waiting;
    if (oldest === undefined) {
      clearInterval(timer);
      timer = undefined;
    }
    if (oldest === undefined || now - oldest.sinceMs <= patienceMs) return;
    const cut = sockets.cutSilent(patienceMs);
    if (cut > 0)
      logger.warn({ connections: cut, patienceMs }, "Postgres does not answer: connections are given up");
    for (const { sinceMs, refuse } of waiting) {
      if (now - sinceMs > 2 * patienceMs) refuse(noAnswer(2 * patienceMs));
    }
  };

  /** Looks while a statement waits, and once more: a timer for each would cost more than the looks. */
  const watch = (): void => {
    timer ??= setInterval(look, patienceMs / looksPerPatience);
    timer.ref();
  };

  const leave = (place: Place): void => {
    place.leave();
    if (waiting.size === 0) timer?.unref();
  };

  return (statement) =>
    new Promise((resolve, reject) => {
      let queued: Place | undefined;
      const refuse = (error: unknown): void => {
        // One that was begun may still hang on its connection, so it is watched until that is over.
        if (queued !== undefined) {
          queued.leave();
          leave(place);
        }
        reject(error);
      };
      const place = waiting.add({ sinceMs: performance.now(), refuse });
      watch();
      queued = turns.take((sql) => {
        queued = undefined;
        runStatement(statement, sql).then(
          (result) => {
            leave(place);
            turns.giveBack(sql);
            resolve(result);
          },
          (error: unknown) => {
            leave(place);
            if (isTransient(error)) turns.giveBackInDoubt(sql);
            else turns.giveBack(sql);
            reject(explain(error, patienceMs));
          },
        );
      });
    });
}

/** Async, so that what it throws at once is a rejection, too. */
async function runStatement<T>(statement: (sql: Sql) => PromiseLike<T>, sql: Sql): Promise<T> {
  return statement(sql);
}

function explain(error: unknown, patienceMs: number): unknown {
  switch (errorCodeOf(error)) {
    case "57014":
      return statementTimeout(serverLimits(patienceMs).statement_timeout, error);
    case "53100":
      return new SamspelError(
        "SAMSPEL_DATABASE_FULL",
        "Nothing was written, as the disk of Postgres is full: make room there; it goes on by itself",
        { cause: error, metadata: { outcome: "not written" } },
      );
    default:
      return error;
  }
}
