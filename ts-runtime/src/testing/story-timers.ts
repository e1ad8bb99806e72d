// The timers of an entity under test: they fire when the test says so.
import { fromBinary, type Message } from "@bufbuild/protobuf";
import type { Entity } from "../entity/index.ts";
import type { TimerChange, TimerDue } from "../journal/index.ts";

/** A timer that waits. */
export type WaitingTimer = TimerDue & {
  readonly name: string;
  /** The command that it runs, by its local name. */
  readonly command: string;
  /** The request, its key filled in. */
  readonly request: Message;
};

/** What a command did to a timer: it waits from now on, or it was cancelled. */
export type TimerOutcome =
  | (WaitingTimer & { readonly type: "scheduled" })
  | { readonly type: "cancelled"; readonly name: string };

/** The changes of a decision, with their requests as messages. */
export function timerOutcomes(entity: Entity, changes: readonly TimerChange[]): readonly TimerOutcome[] {
  return changes.map((change) => {
    if (change.type === "cancel") return { type: "cancelled", name: change.name };
    const method = [...entity.commands.values()].find(({ method }) => method.name === change.command)?.method;
    if (method === undefined) throw new RangeError(`Entity ${entity.name} has no command ${change.command}`);
    const request = fromBinary(method.input, change.request);
    return { type: "scheduled", name: change.name, ...change.due, command: method.localName, request };
  });
}

/** The timers that wait after a command. */
export function timersAfter(
  waiting: ReadonlyMap<string, WaitingTimer>,
  outcomes: readonly TimerOutcome[],
): ReadonlyMap<string, WaitingTimer> {
  const timers = new Map(waiting);
  for (const outcome of outcomes) {
    timers.delete(outcome.name);
    if (outcome.type === "cancelled") continue;
    const { type: _, ...timer } = outcome;
    timers.set(outcome.name, timer);
  }
  return timers;
}

/** @throws RangeError that names the timers that wait, where this one does not. */
export function requireTimer(waiting: ReadonlyMap<string, WaitingTimer>, name: string): WaitingTimer {
  const timer = waiting.get(name);
  if (timer !== undefined) return timer;
  const names = [...waiting.keys()].map((known) => `"${known}"`).join(", ");
  throw new RangeError(`Cannot fire timer "${name}" as it does not wait: there are ${names || "none"}`);
}
