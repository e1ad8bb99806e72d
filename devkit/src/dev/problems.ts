// What is wrong now, in a run: it stands until it is mended.
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { DevError } from "./dev-error.ts";
import type { DevProblem, DevProblemKind } from "./dev-system.ts";
import { whereFailed } from "./where-failed.ts";

export interface Problems {
  /** The oldest first. */
  list(): readonly DevProblem[];
  /** Sets the problem of this service and kind, in place of an earlier one. */
  set(problem: NewProblem): void;
  /** It is mended, if it was there. Without a kind: all that keep the service down. */
  clear(service: string | undefined, kind?: DevProblemKind): void;
}

/** A problem that is seen now. */
export type NewProblem = Omit<DevProblem, "since">;

/** Told of what comes and goes. */
export interface ProblemListener {
  readonly onProblem: (problem: DevProblem) => void;
  readonly onMended: (problem: DevProblem) => void;
}

/** Creates an empty list. */
export function createProblems({ onProblem, onMended }: ProblemListener): Problems {
  let problems: readonly DevProblem[] = [];
  return {
    list: () => problems,
    set({ service, kind, summary, detail }) {
      const before = problems.find(isOf(service, kind));
      const same = before?.summary === summary && before.detail === detail;
      const problem: DevProblem = { service, kind, summary, detail, since: before?.since ?? new Date() };
      problems = [...problems.filter((other) => other !== before), problem];
      if (!same) onProblem(problem);
    },
    clear(service, kind) {
      const gone = problems.filter(isOf(service, kind));
      if (gone.length === 0) return;
      problems = problems.filter((problem) => !gone.includes(problem));
      for (const problem of gone) onMended(problem);
    },
  };
}

const isOf =
  (service: string | undefined, kind: DevProblemKind | undefined) =>
  (problem: DevProblem): boolean =>
    problem.service === service && (kind === undefined || problem.kind === kind);

/** A problem from an error; places are shown relative to the project's folder. */
export function problemOf(
  error: unknown,
  { service, kind, dir }: Pick<NewProblem, "service" | "kind"> & { readonly dir: string },
): NewProblem {
  if (!(error instanceof DevError)) {
    const summary = error instanceof Error ? error.message : String(error);
    return { service, kind, summary, detail: "" };
  }
  const lines = error.lines.map(({ text }) => stripVTControlCharacters(text));
  return { service, kind, summary: summaryOf(error.headline, lines, dir), detail: lines.join("\n") };
}

/** What failed, where, and why, in a line. */
export function summaryOf(headline: string, lines: readonly string[], dir: string): string {
  const { place, message } = whereFailed(lines);
  const shown = place === undefined ? undefined : shorten(place, dir);
  return [headline, shown, message].filter((part) => part !== undefined).join(": ");
}

function shorten(place: string, dir: string): string {
  if (!place.startsWith("/")) return place;
  const short = relative(dir, place);
  return short.length < place.length ? short : place;
}
