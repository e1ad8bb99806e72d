// Runs the verification of a service, for tests.
import { verifyService, type Finding } from "../../../devkit/src/join/verify/index.ts";

type Options = Parameters<typeof verifyService>[0];

export interface Verified {
  readonly findings: readonly Finding[];
  /** Rules that do not hold, with `should` ones in brackets, and what was found. */
  readonly broken: Readonly<Record<string, string>>;
  /** Rules that were not looked at, and why. */
  readonly skipped: Readonly<Record<string, string>>;
}

export async function verified(options: Options): Promise<Verified> {
  const { findings } = await verifyService(options, { begin() {}, checking() {}, found() {} });
  const broken: Record<string, string> = {};
  const skipped: Record<string, string> = {};
  for (const { rule, level, outcome } of findings) {
    if (outcome.type === "skipped") skipped[rule] = outcome.why;
    if (outcome.type !== "failed") continue;
    broken[level === "must" ? rule : `(${rule})`] = outcome.problems.map(({ found }) => found).join("; ");
  }
  return { findings, broken, skipped };
}
