// One service's life in a run: start, ready, crash, start again, stop.
//
//   D1. What was never ready is not started again: a failing start is an error of the run.
//   D2. What crashes after it was ready is started again after 0.5 s, 1 s, 2 s … up to 10 s; 30 s of life reset that.
//   D3. `kill()` keeps it down; each act of ours (kill, restart, stop) ends whatever was under way before.
import { setTimeout as sleep } from "node:timers/promises";
import { urlOf, type ServiceDefinition } from "../config/index.ts";
import type { ProcessExit, SupervisedProcess, Supervisor } from "../process/index.ts";
import type { DevReporter, DevService, RegisteredInstance } from "./dev.ts";
import { DevError } from "./dev-error.ts";
import { untilReady } from "./until-ready.ts";

const firstDelayMs = 500;
const longestDelayMs = 10_000;
const resetAfterMs = 30_000;
const stopGraceMs = 5000;

export interface ServiceRunnerOptions {
  readonly definition: ServiceDefinition;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly host: string;
  readonly port: number;
  readonly registryUrl: string;
  readonly registryToken?: string | undefined;
  readonly readyTimeoutMs: number;
  readonly supervisor: Supervisor;
  readonly reporter: DevReporter;
}

/** A service of the run, and what can be done with it. */
export interface ServiceRunner extends DevService {
  /** Starts it for the first time, as a step of the run. */
  start(signal: AbortSignal): Promise<void>;
  restart(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Creates the runner; it starts nothing yet. */
export function createServiceRunner(options: ServiceRunnerOptions): ServiceRunner {
  const { definition, host, port, reporter, supervisor } = options;
  const { name } = definition;
  let state: DevService["state"] = "down";
  let child: SupervisedProcess | undefined;
  let instance: RegisteredInstance | undefined;
  // Ends what is under way when something else is asked for (D3).
  let act = new AbortController();
  let recoveries = 0;

  const begin = (): AbortSignal => {
    act.abort();
    act = new AbortController();
    return act.signal;
  };

  /** Starts the process and waits until others can call it; nothing runs afterwards if it fails. */
  async function launch(signal: AbortSignal, progress: (reason: string) => void): Promise<void> {
    signal.throwIfAborted();
    state = "starting";
    const started = await spawn();
    child = started;
    started.onLine((line) => reporter.event({ type: "output", service: name, line }));
    const startedAt = performance.now();
    try {
      instance = await untilReady(started, { ...options, name, signal, progress });
    } catch (error) {
      await started.stop();
      state = signal.aborted ? "down" : "crashed";
      throw error;
    }
    state = "ready";
    void started.ended.then(({ exit, asked }) => {
      if (!asked && child === started) void recover(started, exit, signal, performance.now() - startedAt);
    });
  }

  async function spawn(): Promise<SupervisedProcess> {
    const [command, ...args] = options.command;
    const { cwd } = definition;
    try {
      return await supervisor.start({ name, command, args, cwd, env: options.env, graceMs: stopGraceMs });
    } catch (cause) {
      state = "crashed";
      throw new DevError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  /** Starts a crashed service again until it is ready or something else is asked for (D2). */
  async function recover(
    crashed: SupervisedProcess,
    exit: ProcessExit,
    signal: AbortSignal,
    livedMs: number,
  ): Promise<void> {
    state = "crashed";
    recoveries = livedMs > resetAfterMs ? 0 : recoveries;
    let delayMs = nextDelayMs();
    reporter.event({ type: "crashed", name, exit, lastLines: crashed.lastLines, restartInMs: delayMs });
    for (;;) {
      try {
        await sleep(delayMs, undefined, { signal });
        await launch(signal, () => {});
        reporter.event({ type: "recovered", name });
        return;
      } catch (error) {
        if (signal.aborted) return;
        delayMs = nextDelayMs();
        const reason = error instanceof Error ? error.message : String(error);
        reporter.event({ type: "restart-failed", name, reason, restartInMs: delayMs });
      }
    }
  }

  const nextDelayMs = (): number => Math.min(longestDelayMs, firstDelayMs * 2 ** recoveries++);

  return {
    name,
    host,
    port,
    url: urlOf({ host, port }),
    get state() {
      return state;
    },
    get pid() {
      return child?.state.type === "ended" ? undefined : child?.pid;
    },
    get instance() {
      return instance;
    },
    async start(signal) {
      const step = reporter.step(name);
      try {
        await launch(AbortSignal.any([signal, begin()]), (reason) => step.progress(reason));
        step.done(`ready at ${urlOf({ host, port })}`);
      } catch (error) {
        step.fail(signal.aborted ? "given up" : "did not start");
        throw error;
      }
    },
    async restart() {
      const signal = begin();
      await child?.stop();
      recoveries = 0;
      await launch(signal, () => {});
    },
    async kill() {
      begin();
      await child?.kill();
      state = "down";
    },
    async stop() {
      begin();
      await child?.stop();
      state = "down";
    },
  };
}
