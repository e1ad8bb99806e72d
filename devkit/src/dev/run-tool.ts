// Runs a tool of the project to its end: a compiler, a generator, a linter.
import { describeExit, type OutputLine, type Supervisor } from "../process/index.ts";
import type { Program } from "../config/index.ts";
import { DevError } from "./dev-error.ts";

export interface ToolOptions {
  /** For errors of the start. */
  readonly name: string;
  /** How its command stands in errors. Default: as it is run. */
  readonly shown?: string;
  /** How a failure begins: `Cannot build cart`. */
  readonly failed: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  /** Ends the tool. */
  readonly signal: AbortSignal;
  readonly progress?: (text: string) => void;
  /** Exit codes that are no failure. Default: 0. */
  readonly accepted?: readonly number[];
}

/** What a tool said. */
export interface ToolResult {
  readonly code: number;
  readonly lines: readonly OutputLine[];
}

/** @throws DevError with what it wrote last; the signal's reason when that aborts. */
export async function runTool([command, ...args]: Program, options: ToolOptions): Promise<ToolResult> {
  const { name, failed, cwd, env, supervisor, signal, progress, accepted = [0] } = options;
  signal.throwIfAborted();
  const shown = options.shown ?? `\`${[command, ...args].join(" ")}\``;
  const child = await supervisor
    .start({ name, command, args, cwd, env, graceMs: 1000 })
    .catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DevError(`${failed}: ${shown}: ${reason}`, { cause });
    });
  const lines: OutputLine[] = [];
  child.onLine((line) => {
    lines.push(line);
    if (line.text.trim() !== "") progress?.(line.text.trim());
  });
  const stop = (): void => void child.stop();
  signal.addEventListener("abort", stop);
  const { exit, asked } = await child.ended;
  signal.removeEventListener("abort", stop);
  signal.throwIfAborted();
  if (asked) throw new DevError(`${failed}: ${shown} was stopped`);
  if (exit.type === "exited" && accepted.includes(exit.code)) return { code: exit.code, lines };
  throw new DevError(`${failed}: ${shown} ${describeExit(exit)}`, { lines });
}
