// One process of a service, from its spawn until others can call it; and its end.
import type { SupervisedProcess, Supervisor } from "../process/index.ts";
import type { DevReporter, RegisteredInstance } from "./dev.ts";
import { DevError } from "./dev-error.ts";
import { deregister } from "./deregister.ts";
import { untilReady } from "./until-ready.ts";

const stopGraceMs = 5000;

/** How a process of a service is started. */
export interface LaunchSpec {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface ServiceProcessOptions {
  readonly name: string;
  readonly registryUrl: string;
  readonly registryToken?: string | undefined;
  readonly readyTimeoutMs: number;
  readonly supervisor: Supervisor;
  readonly reporter: Pick<DevReporter, "event">;
}

/** A process that others can call. */
export interface ServiceProcess {
  readonly child: SupervisedProcess;
  readonly port: number;
  readonly instance: RegisteredInstance;
  readonly readyAt: number;
}

export interface Launch extends LaunchSpec {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly progress: (reason: string) => void;
  readonly onSpawn: (child: SupervisedProcess) => void;
}

/**
 * Starts a process and waits until others can call it.
 *
 * @throws DevError when it does not get there, the signal's reason when that aborts; `ended` tells when it is gone.
 */
export async function launchProcess(
  options: ServiceProcessOptions,
  { command: [command, ...args], cwd, env, port, signal, progress, onSpawn }: Launch,
): Promise<ServiceProcess> {
  const { name, supervisor, reporter } = options;
  signal.throwIfAborted();
  const spawned = await supervisor
    .start({ name, command, args, cwd, env, graceMs: stopGraceMs })
    .catch((cause: unknown) => {
      throw new DevError(cause instanceof Error ? cause.message : String(cause), { cause });
    });
  onSpawn(spawned);
  spawned.onLine((line) => reporter.event({ type: "output", service: name, line }));
  try {
    const instance = await untilReady(spawned, { ...options, port, signal, progress });
    return { child: spawned, port, instance, readyAt: performance.now() };
  } catch (error) {
    await spawned.stop();
    throw error;
  }
}

/**
 * Asks a process to end, and waits until it is gone. A program that leaves its entry in the registry would be called
 * until its check fails, so the entry is taken out for it: afterwards, as who lives puts it back (R4).
 */
export async function endProcess(
  { registryUrl, registryToken }: ServiceProcessOptions,
  { child, instance }: ServiceProcess,
): Promise<void> {
  await child.stop();
  await deregister({ registryUrl, token: registryToken, id: instance.id });
}
