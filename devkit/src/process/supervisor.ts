// Starts child processes and ends them all: services first, then infra (A2).
import { resolve } from "node:path";
import { startGuard, type Guard } from "./guard.ts";
import type { ProcessSpec, SupervisedProcess } from "./process.ts";
import { startProcess } from "./start-process.ts";

/** The processes of one run. */
export interface Supervisor extends AsyncDisposable {
  /** Those that run now, in the order they were started. */
  readonly processes: readonly SupervisedProcess[];
  /** The process that cleans up when ours is killed; started if it is not. Undefined where it cannot run. */
  guardPid(): number | undefined;
  /** @throws `Error` that names the command and the reason when it cannot be started. */
  start(spec: ProcessSpec): Promise<SupervisedProcess>;
  /** Removes the folder or file when all has stopped, also when our process is killed. */
  removeAtEnd(path: string): void;
  /** Takes `removeAtEnd` back. */
  keep(path: string): void;
  /** Stops all: services, then infra, then the guard. */
  stop(): Promise<void>;
  /** Kills all at once: for the second Ctrl-C. */
  kill(): Promise<void>;
}

/** Creates the supervisor of this run. It starts nothing by itself. */
export function superviseProcesses(): Supervisor {
  const running = new Map<SupervisedProcess, ProcessSpec>();
  let guard: Guard | undefined;
  let closing: Promise<void> | undefined;

  const guarded = (): Guard => (guard ??= startGuard());

  const stopTier = async (tier: "service" | "infra"): Promise<void> => {
    const members = [...running].filter(([, spec]) => (spec.tier ?? "service") === tier);
    await Promise.all(members.map(([child]) => child.stop()));
  };

  const close = async (): Promise<void> => {
    await stopTier("service");
    await stopTier("infra");
    await guard?.close();
  };

  return {
    get processes() {
      return [...running.keys()];
    },
    guardPid: () => guarded().pid,
    async start(spec) {
      if (closing !== undefined) throw new Error(`Cannot start ${spec.name}: everything is being stopped`);
      const child = await startProcess(spec, guarded());
      running.set(child, spec);
      void child.ended.then(() => running.delete(child));
      return child;
    },
    removeAtEnd: (path) => guarded().tell({ type: "remove-at-end", path: resolve(path) }),
    keep: (path) => guarded().tell({ type: "keep", path: resolve(path) }),
    stop: () => (closing ??= close()),
    async kill() {
      await Promise.all([...running.keys()].map((child) => child.kill()));
      await (closing ??= close());
    },
    async [Symbol.asyncDispose]() {
      await (closing ??= close());
    },
  };
}
