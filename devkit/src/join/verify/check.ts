// What a check is: one rule of the joining contract (docs/joining.md), and how to see whether a running service keeps it.
//
//   V1. A check looks at one rule. What is needed before it can look is another check's rule, named in `after`: where
//       that one did not hold, this one is skipped and says so. So one fault is told once.
//   V2. A check that cannot be sure says that it skips, and why. It never passes what it did not see.
import type { Subject } from "./subject.ts";

/** How much a rule asks: a service that breaks a `must` cannot be relied on; a `should` has exceptions. */
export type Level = "must" | "should";

/** What was found, what must be instead, and how to mend it. */
export interface Problem {
  readonly found: string;
  readonly must: string;
  readonly mend: string;
}

export type Outcome =
  | { readonly type: "passed"; readonly note?: string }
  | { readonly type: "failed"; readonly problems: readonly Problem[] }
  | { readonly type: "skipped"; readonly why: string };

export interface Check {
  /** The rule's id in docs/joining.md, such as `REG-1`. */
  readonly rule: string;
  readonly level: Level;
  /** The rule in a few words, said of a service that keeps it. */
  readonly title: string;
  /** Rules that must hold before this one can be looked at. */
  readonly after?: readonly string[];
  /** Whether it changes something of the service: only where the user says so. */
  readonly disruptive?: boolean;
  run(subject: Subject, signal: AbortSignal): Promise<Outcome>;
}

export function passed(note?: string): Outcome {
  return note === undefined ? { type: "passed" } : { type: "passed", note };
}

export function failed(found: string, must: string, mend: string): Outcome {
  return { type: "failed", problems: [{ found, must, mend }] };
}

export function skipped(why: string): Outcome {
  return { type: "skipped", why };
}

/** Passed where there are no problems. */
export function judged(problems: readonly Problem[], note?: string): Outcome {
  return problems.length === 0 ? passed(note) : { type: "failed", problems };
}
