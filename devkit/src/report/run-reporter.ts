// What shows a run from its start to its end.
import type { Dev, DevReporter } from "../dev/index.ts";

/** Shows one run. */
export interface RunReporter extends DevReporter {
  /** Shows what runs, and from now on the logs. */
  ready(dev: Dev, tookMs: number): void;
  /** Something to know between the logs. */
  notice(text: string): void;
  error(text: string): void;
  /** Nothing is shown live afterwards. */
  close(): void;
}

/** Where it is written: `process.stdout`, or a pipe. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}
