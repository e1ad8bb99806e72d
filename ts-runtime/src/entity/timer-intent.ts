// What an effect says about timers: checked where it is written, so that the error stands at the line that is wrong.
import type { DescMethodUnary, MessageInitShape } from "@bufbuild/protobuf";
import type { TimerDue } from "../journal/index.ts";

/** A command that is to run later, on the entity that schedules it. */
export type NewTimer<Command extends DescMethodUnary> = {
  /** A unary method of the entity's own service: `CartService.method.expire`. */
  readonly command: Command;
  /** The request of then, without its key, which is filled in. Default: empty. */
  readonly request?: MessageInitShape<Command["input"]>;
} & NewTimerDue;

type NewTimerDue =
  | {
      /** So long after the commit, by the clock of the database: 0 to 100 years. */
      readonly afterMs: number;
      readonly at?: never;
    }
  | {
      /** A time by the clock of the database, from 1970 to 9999; one that has passed means at once. */
      readonly at: Date;
      readonly afterMs?: never;
    };

/** A change of a timer, as an effect holds it. */
export type TimerIntent<Command> =
  | {
      readonly type: "schedule";
      readonly name: string;
      readonly due: TimerDue;
      readonly command: Command;
      readonly request: object;
    }
  | { readonly type: "cancel"; readonly name: string };

const maxNameLength = 200;
const maxAfterMs = 100 * 365.25 * 24 * 60 * 60 * 1_000;
const maxAtMs = Date.UTC(9999, 11, 31);

/**
 * Says that a timer is to be scheduled.
 * @throws TypeError for a timer of another shape, RangeError for a name or a time out of its bounds.
 */
export function scheduleTimer<Command extends DescMethodUnary>(
  name: string,
  { command, request, afterMs, at }: NewTimer<Command>,
): TimerIntent<Command> {
  checkName(name);
  if ((afterMs === undefined) === (at === undefined)) {
    throw new TypeError(
      `Timer "${name}" must have either afterMs or at: it has ${at === undefined ? "neither" : "both"}`,
    );
  }
  if (typeof command !== "object" || command.kind !== "rpc") {
    throw new TypeError(
      `Command of timer "${name}" must be a method of the entity's service, such as CartService.method.expire`,
    );
  }
  return {
    type: "schedule",
    name,
    due: at === undefined ? after(name, afterMs) : atTime(name, at),
    command,
    request: request ?? {},
  };
}

/**
 * Says that a timer is to be cancelled.
 * @throws RangeError for what cannot be a name.
 */
export function cancelTimer(name: string): TimerIntent<never> {
  checkName(name);
  return { type: "cancel", name };
}

function after(name: string, afterMs: number | undefined): TimerDue {
  if (typeof afterMs === "number" && afterMs >= 0 && afterMs <= maxAfterMs) return { afterMs };
  throw new RangeError(
    `afterMs of timer "${name}" must be 0 to ${maxAfterMs}, which is 100 years: current value is ${afterMs}`,
  );
}

function atTime(name: string, at: Date): TimerDue {
  if (!(at instanceof Date))
    throw new TypeError(`at of timer "${name}" must be a Date: it is a ${typeof at}`);
  const ms = at.getTime();
  if (ms >= 0 && ms <= maxAtMs) return { at: new Date(ms) };
  const value = Number.isNaN(ms) ? "no valid date" : at.toISOString();
  throw new RangeError(`at of timer "${name}" must be from 1970 to 9999: current value is ${value}`);
}

/** Two different names must never become one in the database: so no lone surrogates, which UTF-8 cannot hold. */
function checkName(name: string): void {
  if (typeof name !== "string")
    throw new TypeError(`A timer's name must be a string: it is a ${typeof name}`);
  if (name !== "" && name.length <= maxNameLength && name.isWellFormed() && !name.includes("\0")) return;
  throw new RangeError(
    `A timer's name must have 1 to ${maxNameLength} characters, all of them valid Unicode and none NUL: current value is ${JSON.stringify(name.slice(0, 50))} of length ${name.length}`,
  );
}
