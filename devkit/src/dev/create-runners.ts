// The services of a run, each with what it is built from and started with.
import { join } from "node:path";
import type { ServiceDefinition } from "../config/index.ts";
import type { Infra } from "../infra/index.ts";
import { buildService } from "./build-service.ts";
import { describeSettings } from "./configuration.ts";
import type { DevSetting } from "./dev-system.ts";
import type { Problems } from "./problems.ts";
import { preparePython, type PythonEnvironment } from "./python-environment.ts";
import type { ResolvedDevOptions } from "./resolve-options.ts";
import { resolveProgram, serviceEnvironment } from "./service-environment.ts";
import { createServiceRunner, type ServiceRunner } from "./service-runner.ts";

/** By requirements file. */
export type PythonEnvironments = ReadonlyMap<string, PythonEnvironment>;

/** One environment for each requirements file; services may share it. */
export async function preparePythons(
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

export interface RunnerParts {
  readonly infra: Infra;
  readonly ports: ReadonlyMap<string, number>;
  readonly pythons: PythonEnvironments;
  readonly problems: Problems;
  readonly collectorUrl: string | undefined;
  readonly onChange: () => void;
}

export interface Runners {
  readonly runners: readonly ServiceRunner[];
  /** What a service is started with. */
  readonly configuration: (service: string) => readonly DevSetting[];
}

/** Creates the runners; they start nothing yet. */
export function createRunners(resolved: ResolvedDevOptions, parts: RunnerParts): Runners {
  const created = resolved.project.services.map((definition) => createRunner(definition, resolved, parts));
  return {
    runners: created.map(({ runner }) => runner),
    configuration: (service) => created.find(({ runner }) => runner.name === service)?.settings() ?? [],
  };
}

function createRunner(
  definition: ServiceDefinition,
  resolved: ResolvedDevOptions,
  { infra, ports, pythons, problems, collectorUrl, onChange }: RunnerParts,
) {
  const { project, host, inherited, stateDir, watch, supervisor, reporter } = resolved;
  const { registryToken, readyTimeoutMs } = resolved;
  const port = ports.get(definition.name) ?? 0;
  const requirements = definition.python?.requirements;
  const compileCacheDir = join(stateDir, "compile-cache");
  let python = pythons.get(requirements ?? "");

  const spec = (own: number) => ({
    command: resolveProgram(definition.command, python),
    env: serviceEnvironment(definition, {
      inherited,
      infra,
      host,
      port: own,
      compileCacheDir,
      python,
      collectorUrl,
    }),
  });
  const runner = createServiceRunner({
    definition,
    host,
    port,
    watched: watch,
    async build(signal) {
      const env = inherited;
      // Its packages may be others than before.
      const dir = join(stateDir, "python");
      if (requirements !== undefined)
        python = await preparePython({ requirements, dir, reporter, supervisor, env, signal });
      await buildService(definition, { reporter, supervisor, env, python, signal });
    },
    spec,
    registryUrl: infra.registryUrl,
    registryToken,
    readyTimeoutMs,
    supervisor,
    reporter,
    problems,
    dir: project.dir,
    onChange,
  });
  const settings = (): readonly DevSetting[] =>
    describeSettings({ env: spec(runner.instance?.port ?? port).env, own: definition.env, inherited });
  return { runner, settings };
}
