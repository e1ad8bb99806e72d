// `samspel dev`: starts the project, shows it, and stops it on a signal.
import { ConfigError } from "../config/index.ts";
import { DevError, startDev } from "../dev/index.ts";
import { InfraError } from "../infra/index.ts";
import { superviseProcesses } from "../process/index.ts";
import { createJsonReporter, createReporter, resolveColors } from "../report/index.ts";
import { companionsFor } from "./dev-companions.ts";
import { keysText, listenForKeys } from "./dev-keys.ts";
import { listenForEndSignals } from "./end-signals.ts";

/** What the command line says. */
export interface DevCommandOptions {
  readonly project: string;
  readonly fresh: boolean;
  readonly registry: "embedded" | "consul";
  readonly identity: boolean;
  readonly watch: boolean;
  readonly gateway: boolean;
  readonly dashboard: boolean;
  /** True where no name is given. */
  readonly join?: string | true;
  readonly color: boolean;
  readonly json: boolean;
}

/** Runs until a signal; resolves with the exit code: 0 after a stop, 1 when it failed, 130 when it was cut short. */
export async function devCommand(options: DevCommandOptions): Promise<number> {
  const beganAt = performance.now();
  const reporter = options.json
    ? createJsonReporter(process.stdout)
    : createReporter({
        output: process.stdout,
        services: "after-ready",
        colors: resolveColors(process.stdout, options.color),
        keys: keysText(process.stdin),
      });
  const supervisor = superviseProcesses();
  const interrupted = new AbortController();
  const signals = listenForEndSignals();
  let cutShort = false;
  const asked = signals.first.then((name) => {
    reporter.notice(`${name}: stopping`);
    interrupted.abort(new DevError(`stopped by ${name}`));
  });
  void signals.second.then(() => {
    cutShort = true;
    return supervisor.kill();
  });

  try {
    const { project, fresh, registry, watch, join } = options;
    const env = options.identity ? { SAMSPEL_IDENTITY: "consul" } : {};
    const { signal } = interrupted;
    const dev = await startDev({
      project,
      fresh,
      registry,
      watch,
      env,
      reporter,
      supervisor,
      signal,
      companions: companionsFor(options),
      ...(join === undefined ? {} : { join: join === true ? "" : join }),
    });
    if (!signal.aborted) reporter.ready(dev, performance.now() - beganAt);
    const letKeysGo = listenForKeys({
      dev,
      input: process.stdin,
      notice: (text) => reporter.notice(text),
      error: (text) => reporter.error(text),
      onQuit: (key) => signals.ask(key),
    });
    await asked;
    // A second Ctrl-C is a signal again.
    letKeysGo();
    const stopAt = performance.now();
    await dev.stop();
    reporter.notice(`stopped (${((performance.now() - stopAt) / 1000).toFixed(2)} s)`);
    return cutShort ? 130 : 0;
  } catch (error) {
    if (interrupted.signal.aborted) return 130;
    reporter.error(explain(error));
    return 1;
  } finally {
    reporter.close();
    signals.close();
  }
}

/** What we throw on purpose says all in its message; anything else is a defect, and its stack helps. */
function explain(error: unknown): string {
  if (error instanceof ConfigError || error instanceof DevError || error instanceof InfraError)
    return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
