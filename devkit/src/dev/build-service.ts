// What must be built before a service can start: its own command, with its own tools, one after the other, as compilers
// use all cores by themselves. A tool that finds nothing to do is quick, so it is asked at each start.
import type { Program, ServiceDefinition } from "../config/index.ts";
import type { InfraReporter } from "../infra/index.ts";
import type { Supervisor } from "../process/index.ts";
import type { PythonEnvironment } from "./python-environment.ts";
import { runTool } from "./run-tool.ts";
import { resolveProgram } from "./service-environment.ts";

export interface BuildOptions {
  readonly reporter: InfraReporter;
  readonly supervisor: Supervisor;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `python` is in its command. */
  readonly python: PythonEnvironment | undefined;
  readonly signal: AbortSignal;
}

const building = new WeakMap<Supervisor, Promise<unknown>>();

/**
 * Builds a service when no other one of the run is built; nothing where it has no build.
 *
 * @throws DevError with what the build wrote last; the signal's reason when it aborts, which ends the build.
 */
export async function buildService(service: ServiceDefinition, options: BuildOptions): Promise<void> {
  if (service.build === undefined) return;
  const { build, name, cwd, env } = service;
  const before = building.get(options.supervisor);
  const own = (async () => {
    await before;
    options.signal.throwIfAborted();
    await runBuild(build, { name, cwd, env }, options);
  })();
  building.set(
    options.supervisor,
    own.catch(() => {}),
  );
  await own;
}

async function runBuild(
  build: Program,
  { name, cwd, env: own }: Pick<ServiceDefinition, "name" | "cwd" | "env">,
  { reporter, supervisor, env, python, signal }: BuildOptions,
): Promise<void> {
  const shown = `\`${build.join(" ")}\``;
  const step = reporter.step(`build of ${name}`);
  step.progress(shown);
  try {
    await runTool(resolveProgram(build, python), {
      name: `the build of ${name}`,
      shown,
      failed: `Cannot build ${name}`,
      cwd,
      env: { ...env, ...own },
      supervisor,
      signal,
      progress: (text) => step.progress(text),
    });
    step.done(shown);
  } catch (error) {
    step.fail(signal.aborted ? "stopped" : "failed");
    throw error;
  }
}
