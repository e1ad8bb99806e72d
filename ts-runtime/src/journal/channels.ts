// Who is woken by what is committed, behind the commit (W1).
import type { Database } from "../postgres/index.ts";
import type { Append } from "./journal.ts";

/** Where new events are told. */
export function eventChannel({ schema }: Database): string {
  return `${schema}.event`;
}

/** Where new rows of the outbox are told. */
export function outboxChannel({ schema }: Database): string {
  return `${schema}.outbox`;
}

/** To be told what was committed together, whose readers it wakes. */
export type WakeReaders = (committed: readonly Pick<Append, "events" | "tells">[]) => void;

export function readersOf(database: Database): WakeReaders {
  const [events, outbox] = [eventChannel(database), outboxChannel(database)];
  return (committed) => {
    if (committed.some(({ events }) => events.length > 0)) database.wake(events);
    if (committed.some(({ tells }) => tells !== undefined)) database.wake(outbox);
  };
}
