// What stops a development run, told to the person at the terminal: what failed, the facts, and what to do (A1).
import { describeExit, type OutputLine, type ProcessExit } from "../process/index.ts";

const shownLines = 20;

export interface DevErrorOptions extends ErrorOptions {
  /** What a process wrote last; it is shown below the message. */
  readonly lines?: readonly OutputLine[];
}

/** The run cannot start or go on. The message says all; a stack would not help. */
export class DevError extends Error {
  static {
    this.prototype.name = "DevError";
  }

  /** The message without what a process wrote. */
  readonly headline: string;
  /** What a process wrote last. */
  readonly lines: readonly OutputLine[];

  constructor(headline: string, { lines, ...options }: DevErrorOptions = {}) {
    super(lines === undefined ? headline : `${headline}. ${lastWords(lines)}`, options);
    this.headline = headline;
    this.lines = lines ?? [];
  }
}

/** A process that ended badly: how, and what it said last. */
export function endedBadly(what: string, exit: ProcessExit, lines: readonly OutputLine[]): DevError {
  return new DevError(`${what} ${describeExit(exit)}`, { lines });
}

/** The last lines of a process, indented under a heading. */
export function lastWords(lines: readonly OutputLine[]): string {
  if (lines.length === 0) return "It wrote nothing.";
  return `Its last lines:\n${lines
    .slice(-shownLines)
    .map(({ text }) => `  │ ${text}`)
    .join("\n")}`;
}
