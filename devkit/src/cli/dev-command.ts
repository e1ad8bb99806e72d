// `samspel dev`: starts the project, shows it, and stops it on a signal.
import { ConfigError } from "../config/index.ts";
import { DevError, startDev } from "../dev/index.ts";
import { InfraError } from "../infra/index.ts";
import { superviseProcesses } from "../process/index.ts";
import { resolveColors } from "./colors.ts";
import { createJsonReporter } from "./json-reporter.ts";
import { nextSignal } from "./next-signal.ts";
import { createTerminalReporter, type RunReporter } from "./terminal-reporter.ts";

/** What the command line says. */
export interface DevCommandOptions {
  readonly project: string;
  readonly fresh: boolean;
  readonly registry: "embedded" | "consul";
  readonly color: boolean;
  readonly json: boolean;
}

/** Runs until a signal; resolves with the exit code: 0 after a stop, 1 when it failed, 130 when it was cut short. */
export async function devCommand(options: DevCommandOptions): Promise<number> {
  const beganAt = performance.now();
  const reporter = createReporter(options);
  const supervisor = superviseProcesses();
  const interrupted = new AbortController();
  const signals = nextSignal();
  let stopping: Promise<void> | undefined;

  try {
    const first = signals.first.then((name) => {
      reporter.notice(`${name}: stopping`);
      interrupted.abort(new DevError(`stopped by ${name}`));
      return "stop" as const;
    });
    const second = signals.second.then(async () => {
      await stopping?.catch(() => {});
      return "cut short" as const;
    });
    void signals.second.then(() => supervisor.kill());
    const { project, fresh, registry } = options;
    const dev = await startDev({
      project,
      fresh,
      registry,
      reporter,
      supervisor,
      signal: interrupted.signal,
    });
    if (!interrupted.signal.aborted) reporter.ready(dev, performance.now() - beganAt);
    await first;
    const stopAt = performance.now();
    stopping = dev.stop();
    const end = await Promise.race([stopping.then(() => "stopped" as const), second]);
    if (end === "cut short") return 130;
    reporter.notice(`stopped (${((performance.now() - stopAt) / 1000).toFixed(2)} s)`);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    reporter.error(explain(error));
    return 1;
  } finally {
    reporter.close();
    signals.close();
  }
}

function createReporter({ json, color }: DevCommandOptions): RunReporter {
  const { stdout } = process;
  const write = (text: string): void => void stdout.write(text);
  if (json) return createJsonReporter(write);
  return createTerminalReporter({
    write,
    colors: resolveColors(color),
    liveColumns: stdout.isTTY ? stdout.columns : undefined,
  });
}

/** What we throw on purpose says all in its message; anything else is a defect, and its stack helps. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof DevError || error instanceof InfraError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
