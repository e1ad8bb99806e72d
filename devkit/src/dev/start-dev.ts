// Starts a whole system: infra and what is missing, beside each other; then all services, beside each other. Either
// everything is ready in the end, or nothing of it is left (A1).
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fillPlaceholders } from "../config/index.ts";
import { startInfra, type Infra } from "../infra/index.ts";
import { allOrAbort } from "./all-or-abort.ts";
import { buildServices } from "./build-services.ts";
import type { Dev, DevOptions } from "./dev.ts";
import { DevError } from "./dev-error.ts";
import { keepInfraAlive } from "./keep-infra-alive.ts";
import { preparePython, type PythonEnvironment } from "./python-environment.ts";
import { resolveDevOptions, type ResolvedDevOptions } from "./resolve-options.ts";
import { serviceCommand, serviceEnvironment } from "./service-environment.ts";
import { assignPorts } from "./service-ports.ts";
import { createServiceRunner, type ServiceRunner } from "./service-runner.ts";

/**
 * Starts the project's services and the infra they need, and waits until each service is in the registry and passing.
 *
 * @throws ConfigError when samspel.json is wrong.
 * @throws DevError when a port is taken or a service does not start; everything has been stopped then.
 */
export async function startDev(options: DevOptions): Promise<Dev> {
  const resolved = await resolveDevOptions(options);
  const abort = new AbortController();
  const signal =
    options.signal === undefined ? abort.signal : AbortSignal.any([options.signal, abort.signal]);
  // Whatever is under way, a build, an installation, a service, ends at once.
  const stopAll = (): void => void resolved.supervisor.stop();
  signal.addEventListener("abort", stopAll);
  let infra: Infra | undefined;
  try {
    signal.throwIfAborted();
    const ports = await assignPorts(resolved.project, resolved.ports, resolved.host);
    let pythons: PythonEnvironments;
    [infra, pythons] = await allOrAbort<[Infra, PythonEnvironments, void]>(abort, [
      beginInfra(resolved, signal).then((started) => (infra = started)),
      preparePythons(resolved, signal),
      beginBuilds(resolved, signal),
    ]);
    signal.throwIfAborted();
    const runners = createRunners(resolved, infra, ports, pythons);
    await allOrAbort(
      abort,
      runners.map((runner) => runner.start(signal)),
    );
    return createDev(resolved, infra, runners);
  } catch (error) {
    await resolved.supervisor.stop();
    await infra?.stop();
    throw error;
  } finally {
    signal.removeEventListener("abort", stopAll);
  }
}

type PythonEnvironments = ReadonlyMap<string, PythonEnvironment>;

function beginInfra(resolved: ResolvedDevOptions, signal: AbortSignal): Promise<Infra> {
  const { dataDir, fresh, registry, reporter, supervisor } = resolved;
  return startInfra({ dataDir, fresh, registry, reporter, supervisor, signal });
}

function beginBuilds(
  { project, reporter, supervisor, inherited }: ResolvedDevOptions,
  signal: AbortSignal,
): Promise<void> {
  return buildServices({ services: project.services, reporter, supervisor, env: inherited, signal });
}

/** One environment for each requirements file; services may share it. */
async function preparePythons(
  { project, stateDir, reporter, supervisor, inherited }: ResolvedDevOptions,
  signal: AbortSignal,
): Promise<PythonEnvironments> {
  const environments = new Map<string, PythonEnvironment>();
  const files = new Set(project.services.map(({ python }) => python?.requirements));
  for (const requirements of files) {
    signal.throwIfAborted();
    if (requirements === undefined) continue;
    const dir = join(stateDir, "python");
    environments.set(
      requirements,
      await preparePython({ requirements, dir, reporter, supervisor, env: inherited, signal }),
    );
  }
  return environments;
}

function createRunners(
  resolved: ResolvedDevOptions,
  infra: Infra,
  ports: ReadonlyMap<string, number>,
  pythons: PythonEnvironments,
): readonly ServiceRunner[] {
  const { project, host, inherited, stateDir, registryToken, readyTimeoutMs, supervisor, reporter } =
    resolved;
  return project.services.map((definition) => {
    const port = ports.get(definition.name) ?? 0;
    const python = pythons.get(definition.python?.requirements ?? "");
    const compileCacheDir = join(stateDir, "compile-cache");
    return createServiceRunner({
      definition,
      command: serviceCommand(definition, python),
      env: serviceEnvironment(definition, { inherited, infra, host, port, compileCacheDir, python }),
      host,
      port,
      registryUrl: infra.registryUrl,
      registryToken,
      readyTimeoutMs,
      supervisor,
      reporter,
    });
  });
}

function createDev(
  { project, supervisor, reporter }: ResolvedDevOptions,
  infra: Infra,
  runners: readonly ServiceRunner[],
): Dev {
  const runnerOf = (name: string): ServiceRunner => {
    const runner = runners.find((candidate) => candidate.name === name);
    if (runner !== undefined) return runner;
    throw new DevError(
      `No service is named ${name}: there are ${runners.map(({ name }) => name).join(", ")}`,
    );
  };
  const letInfraGo = keepInfraAlive(infra, reporter);
  const random = randomBytes(2).toString("hex");
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    letInfraGo();
    await Promise.all(runners.map((runner) => runner.stop()));
    await infra.stop();
    await supervisor.stop();
  };
  return {
    project,
    services: runners,
    infra,
    tryCommands: project.tryCommands.map((command) => fillPlaceholders(command, runners, random)),
    restart: async (name) => runnerOf(name).restart(),
    kill: async (name) => runnerOf(name).kill(),
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  };
}
