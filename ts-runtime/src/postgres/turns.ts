// Who has which connection, where each takes one statement at a time.
//
// Invariants:
//   U1. The connection that was used last is used first: its backend has at hand what the next statement needs.
//   U2. One that may be about to end, as a statement on it failed so, is used last.
//   U3. Where all are taken, who came first is next.
import { Roster, type Place } from "../roster/index.ts";
import type { Sql } from "./database.ts";

type Begin = (sql: Sql) => void;

export interface Turns {
  /** Begins with a connection, at once or when one is given back: then, with the place of who waits, who may leave it. */
  take(begin: Begin): Place | undefined;
  giveBack(sql: Sql): void;
  /** Of a connection that may be about to end. */
  giveBackInDoubt(sql: Sql): void;
}

export function createTurns(connections: readonly Sql[]): Turns {
  /** The last one is next. */
  const idle = connections.toReversed();
  const waiting = new Roster<{ readonly begin: Begin }>();

  const giveBack = (sql: Sql): void => {
    const { oldest } = waiting;
    if (oldest === undefined) idle.push(sql);
    else oldest.begin(sql);
  };

  return {
    take(begin) {
      const sql = idle.pop();
      if (sql !== undefined) {
        begin(sql);
        return undefined;
      }
      const place = waiting.add({
        begin(sql) {
          place.leave();
          begin(sql);
        },
      });
      return place;
    },
    giveBack,
    giveBackInDoubt(sql) {
      // A turn later, as the driver hears of the end behind the failure.
      setImmediate(() => {
        if (waiting.size > 0) giveBack(sql);
        else idle.unshift(sql);
      });
    },
  };
}
