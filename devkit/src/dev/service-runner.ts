// One service's life in a run: start, ready, change, crash, start again, stop.
//
//   D1. Where nobody watches its files, what was never ready is not started again: a failing start is an error of the
//       run. Where they are watched, it is a problem until it is mended.
//   D2. What crashes after it was ready is started again after 0.5 s, 1 s, 2 s … up to 10 s; 30 s of life reset that.
//   D3. `kill()` keeps it down; each act of ours (kill, restart, stop) ends whatever was under way before.
//   D4. With `overlap`, what serves goes on until its successor can be called; a successor that is not built or does
//       not start changes nothing. It then leaves the registry and finishes what it has.
import { setTimeout as sleep } from "node:timers/promises";
import { urlOf, type ServiceDefinition } from "../config/index.ts";
import type { ProcessExit, SupervisedProcess } from "../process/index.ts";
import { createActs, whenEnded } from "./acts.ts";
import { createCrashBackoff } from "./crash-backoff.ts";
import { deregister } from "./deregister.ts";
import type { DevReporter, DevService, RegisteredInstance } from "./dev.ts";
import { endedBadly } from "./dev-error.ts";
import type { DevProblemKind, DevServiceStatus } from "./dev-system.ts";
import { openFront, type Front } from "./front.ts";
import { instancePort } from "./instance-port.ts";
import { problemOf, type Problems } from "./problems.ts";
import {
  endProcess,
  launchProcess,
  type LaunchSpec,
  type ServiceProcess,
  type ServiceProcessOptions,
} from "./service-process.ts";

export interface ServiceRunnerOptions extends Omit<ServiceProcessOptions, "name" | "reporter"> {
  /** How it is called, and where it listens; what it is built from and started with may change. */
  readonly definition: Pick<ServiceDefinition, "name" | "port" | "handover">;
  readonly host: string;
  /** Where people reach it. */
  readonly port: number;
  /** Whether its files are watched (D1), and with it, whether processes may overlap (D4). */
  readonly watched: boolean;
  /** What must be done before it can start; it may change what `spec` says. */
  readonly build: (signal: AbortSignal) => Promise<void>;
  readonly spec: (port: number) => LaunchSpec;
  readonly problems: Problems;
  /** The project's folder. */
  readonly dir: string;
  readonly reporter: DevReporter;
  /** Called after each change of `state`, `pid` and `instance`. */
  readonly onChange: () => void;
}

/** A service of the run, and what can be done with it. */
export interface ServiceRunner extends DevService {
  readonly since: Date;
  readonly crashes: number;
  /** Starts it for the first time, as a step of the run. Where it is watched, a failure becomes a problem (D1). */
  start(signal: AbortSignal): Promise<void>;
  /** Builds it, and starts it in place of the one that serves. A failure becomes a problem. */
  reload(): Promise<void>;
  /** The same as wish of a person: a failure is thrown as well. */
  restart(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Ends what belongs to it beside its processes. */
  close(): Promise<void>;
}

/** Creates the runner; it starts nothing yet. */
export function createServiceRunner(options: ServiceRunnerOptions): ServiceRunner {
  const { definition, host, port, watched, problems, dir, reporter, onChange } = options;
  const { name } = definition;
  // A port that is named may be the only one that the program knows.
  const handover = definition.handover ?? (definition.port === undefined ? "overlap" : "replace");
  const overlaps = watched && handover === "overlap";
  const processes: ServiceProcessOptions = { ...options, name };
  const acts = createActs();
  const backoff = createCrashBackoff();
  const ending = new Set<Promise<void>>();
  let front: Front | undefined;
  let state: DevServiceStatus = "down";
  let since = new Date();
  let serving: ServiceProcess | undefined;
  let latest: SupervisedProcess | undefined;
  let instance: RegisteredInstance | undefined;
  let crashes = 0;
  let recovering = false;

  const change = (next: DevServiceStatus): void => {
    if (next === "ready" || state !== next) since = new Date();
    state = next;
    const hopeless = next === "down" || (next === "crashed" && !recovering);
    if (serving !== undefined) front?.direct({ type: "serving", port: serving.port });
    else front?.direct({ type: hopeless ? "down" : "waiting" });
    onChange();
  };

  const inBackground = (work: Promise<void>): void => {
    const tracked = work.catch(() => {}).finally(() => ending.delete(tracked));
    ending.add(tracked);
  };

  /** Builds it where that is wanted, starts a process, and lets it take over. */
  async function bringUp(
    signal: AbortSignal,
    { progress = () => {}, build }: { readonly progress?: (reason: string) => void; readonly build: boolean },
  ): Promise<void> {
    if (build) {
      change("building");
      await failing("build", signal, () => options.build(signal));
      problems.clear(name, "build");
    }
    await failing("start", signal, async () => {
      if (!overlaps) await retire();
      change("starting");
      const next = await launch(signal, progress);
      const previous = serving;
      serving = next;
      instance = next.instance;
      change("ready");
      if (previous !== undefined) inBackground(endProcess(processes, previous));
      void noteEnd(next);
    });
    problems.clear(name);
  }

  /** Ends what serves before its successor starts. */
  async function retire(): Promise<void> {
    const previous = serving;
    if (previous === undefined) return;
    change("draining");
    await previous.child.stop();
    serving = undefined;
  }

  const noteSpawn = (child: SupervisedProcess): void => {
    latest = child;
    onChange();
  };

  async function launch(signal: AbortSignal, progress: (reason: string) => void): Promise<ServiceProcess> {
    if (overlaps) front ??= await openFront(host, port);
    const own = overlaps ? await instancePort(host) : port;
    const launched = launchProcess(processes, {
      ...options.spec(own),
      port: own,
      signal,
      progress,
      onSpawn: noteSpawn,
    });
    if (!overlaps) return launched;
    // One that was given up cleans up in its own time, elsewhere than where the next one starts; also one that got ready
    // in that moment.
    inBackground(
      launched.then(async (process) => {
        if (signal.aborted) await endProcess(processes, process);
      }),
    );
    return Promise.race([launched, whenEnded(signal)]);
  }

  /** Notes why it failed, and how it is then; what was given up is no failure. */
  async function failing(
    kind: DevProblemKind,
    signal: AbortSignal,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (serving !== undefined) change("ready");
      else if (!signal.aborted) change("crashed");
      if (watched && !signal.aborted) problems.set(problemOf(error, { service: name, kind, dir }));
      throw error;
    }
  }

  async function noteEnd(process: ServiceProcess): Promise<void> {
    const { exit, asked } = await process.child.ended;
    if (!asked && serving === process) lost(process, exit);
  }

  function lost({ child, instance: { id }, readyAt }: ServiceProcess, exit: ProcessExit): void {
    serving = undefined;
    crashes++;
    backoff.lived(performance.now() - readyAt);
    const { registryUrl, registryToken: token } = options;
    // The next one has another port, so nobody else would take this entry out.
    if (overlaps) inBackground(deregister({ registryUrl, token, id }));
    // A successor is on its way; it takes over, or says why it does not.
    if (acts.busy) return change(state);
    recovering = true;
    void acts
      .begin((signal) => recover(child, exit, signal))
      .catch(() => {})
      .finally(() => (recovering = false));
  }

  /** Starts a crashed service again until it is ready or something else is asked for (D2). */
  async function recover(crashed: SupervisedProcess, exit: ProcessExit, signal: AbortSignal): Promise<void> {
    change("crashed");
    let delayMs = backoff.next();
    const { lastLines } = crashed;
    reporter.event({ type: "crashed", name, exit, lastLines, restartInMs: delayMs });
    const error = endedBadly(
      backoff.inARow > 1 ? `${name}, ${backoff.inARow} times in a row: it` : name,
      exit,
      lastLines,
    );
    problems.set(problemOf(error, { service: name, kind: "crash", dir }));
    for (;;) {
      try {
        await sleep(delayMs, undefined, { signal });
        await bringUp(signal, { build: false });
        reporter.event({ type: "recovered", name });
        return;
      } catch (error) {
        if (signal.aborted) return;
        delayMs = backoff.next();
        const reason = error instanceof Error ? error.message : String(error);
        reporter.event({ type: "restart-failed", name, reason, restartInMs: delayMs });
      }
    }
  }

  /** Ends what runs at once, and what is under way with it (D3). */
  const endAll = async (end: (child: SupervisedProcess) => Promise<unknown>): Promise<void> => {
    const endLiving = () =>
      Promise.all([serving?.child, latest].filter((child) => child !== undefined).map(end));
    const over = acts.begin(async () => {
      await endLiving();
      serving = undefined;
      await Promise.all(ending);
      change("down");
    });
    await endLiving();
    await over;
  };

  const startAnew = async (options: { readonly build: boolean }): Promise<void> => {
    const startedAt = performance.now();
    backoff.reset();
    await acts.begin((signal) => bringUp(signal, options));
    reporter.event({ type: "reloaded", name, tookMs: performance.now() - startedAt });
  };

  return {
    name,
    host,
    port,
    url: urlOf({ host, port }),
    get state() {
      return state;
    },
    get since() {
      return since;
    },
    get crashes() {
      return crashes;
    },
    get pid() {
      const child = serving?.child ?? latest;
      return child?.state.type === "ended" ? undefined : child?.pid;
    },
    get instance() {
      return instance;
    },
    async start(signal) {
      const step = reporter.step(name);
      try {
        await acts.begin((own) =>
          bringUp(AbortSignal.any([signal, own]), {
            progress: (reason) => step.progress(reason),
            build: false,
          }),
        );
        step.done(`ready at ${urlOf({ host, port })}`);
      } catch (error) {
        step.fail(signal.aborted ? "given up" : "did not start");
        if (!watched || signal.aborted) throw error;
      }
    },
    // A problem says why it failed, or a later change goes on.
    reload: () => startAnew({ build: true }).catch(() => {}),
    restart: () => startAnew({ build: watched }),
    kill: () => endAll((child) => child.kill()),
    async stop() {
      if (serving !== undefined) change("draining");
      await endAll((child) => child.stop());
      problems.clear(name);
    },
    async close() {
      await front?.close();
    },
  };
}
