// From what a test says of a service to how it is started.
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { startService } from "@samspel/runtime";
import { loadProject, type ServiceDefinition } from "../config/index.ts";
import { buildService, preparePython, resolveProgram, serviceEnvironment } from "../dev/index.ts";
import { cacheFolder, silentReporter, type Infra } from "../infra/index.ts";
import type { Supervisor } from "../process/index.ts";
import { nodeConditions } from "./node-conditions.ts";
import type { ServiceFunction, ServiceSpec } from "./service-spec.ts";
import { SystemError } from "./system.ts";

/** How a service is started: in this process, or as a program, whose environment is known when its infra is. */
export type Plan =
  | { readonly type: "inner"; readonly registered: string; readonly start: ServiceFunction }
  | {
      readonly type: "program";
      readonly registered: string;
      readonly command: readonly [string, ...string[]];
      readonly cwd: string;
      environment(place: ProgramPlace): Readonly<Record<string, string | undefined>>;
    };

/** Where a program runs and what it finds. */
interface ProgramPlace {
  readonly infra: Pick<Infra, "databaseUrl" | "natsUrl" | "registryUrl">;
  readonly host: string;
  readonly port: number;
}

export interface PlanOptions {
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
}

/** @throws SystemError for a file that is not there, and what a project's build throws. */
export async function planService(name: string, spec: ServiceSpec, options: PlanOptions): Promise<Plan> {
  if (typeof spec === "function") return { type: "inner", registered: name, start: spec };
  if (typeof spec === "string" || spec instanceof URL) return planFile(name, spec, options);
  if ("project" in spec) return planProject(spec, options);
  if ("command" in spec) {
    const { command, cwd = "", env = {}, name: registered = name } = spec;
    const definition = { name, command, cwd: resolve(options.dir, cwd), env };
    return program(registered, definition, resolveProgram(command, undefined), options);
  }
  const { name: registered = name, ...parts } = spec;
  return {
    type: "inner",
    registered,
    start: (settings) => startService({ ...parts, ...settings, ...givenOf(parts) }),
  };
}

/** Settings of a test that a service may say itself. */
function givenOf(parts: { drainMs?: number; freezeStates?: boolean; logger?: unknown }): object {
  const { drainMs, freezeStates, logger } = parts;
  return {
    ...(drainMs === undefined ? {} : { drainMs }),
    ...(freezeStates === undefined ? {} : { freezeStates }),
    ...(logger === undefined ? {} : { logger }),
  };
}

async function planFile(name: string, spec: string | URL, options: PlanOptions): Promise<Plan> {
  const file = spec instanceof URL ? fileURLToPath(spec) : resolve(options.dir, spec);
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true)
    throw new SystemError(
      `Cannot start ${name} as there is no file ${file}: name it relative to \`dir\`, which is ${options.dir}`,
    );
  // What the test's Node needs to resolve packages, the service's needs, too.
  const command = [process.execPath, ...nodeConditions(), file] as const;
  return program(name, { name, command, cwd: options.dir, env: {} }, command, options);
}

async function planProject(
  spec: {
    readonly project: string;
    readonly service: string;
    readonly env?: Readonly<Record<string, string>>;
  },
  options: PlanOptions,
): Promise<Plan> {
  const { supervisor, env } = options;
  const project = await loadProject(resolve(options.dir, spec.project));
  const found = project.services.find((service) => service.name === spec.service);
  if (found === undefined) {
    const known = project.services.map((service) => service.name).join(", ");
    throw new SystemError(`No service of ${project.file} is named ${spec.service}: there are ${known}`);
  }
  const definition: ServiceDefinition = { ...found, env: { ...found.env, ...spec.env } };
  const common = { reporter: silentReporter, supervisor, env };
  const python =
    definition.python === undefined
      ? undefined
      : await preparePython({
          requirements: definition.python.requirements,
          dir: join(project.dir, ".samspel", "python"),
          ...common,
        });
  await buildService(definition, { python, signal: new AbortController().signal, ...common });
  return program(found.name, definition, resolveProgram(definition.command, python), options, python);
}

function program(
  registered: string,
  definition: ServiceDefinition,
  command: readonly [string, ...string[]],
  { env }: PlanOptions,
  python?: Awaited<ReturnType<typeof preparePython>>,
): Plan {
  return {
    type: "program",
    registered,
    command,
    cwd: definition.cwd,
    environment: (place) =>
      serviceEnvironment(definition, {
        ...place,
        inherited: env,
        compileCacheDir: join(cacheFolder(env), "compile-cache"),
        python,
      }),
  };
}
