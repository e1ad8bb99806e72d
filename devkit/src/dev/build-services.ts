// What must be built before a service can start: its own command, with its own tools, one after the other, as compilers
// use all cores by themselves. A tool that finds nothing to do is quick, so it is asked at each start.
import type { ServiceDefinition } from "../config/index.ts";
import type { InfraReporter } from "../infra/index.ts";
import { describeExit, type Supervisor } from "../process/index.ts";
import { DevError, lastWords } from "./dev-error.ts";

export interface BuildOptions {
  readonly services: readonly ServiceDefinition[];
  readonly reporter: InfraReporter;
  readonly supervisor: Supervisor;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** @throws DevError with what the first build that fails wrote last. */
export async function buildServices({ services, ...options }: BuildOptions): Promise<void> {
  for (const service of services) {
    options.signal.throwIfAborted();
    await buildService(service, options);
  }
}

async function buildService(
  { name, build, cwd, env: own }: ServiceDefinition,
  { reporter, supervisor, env, signal }: Omit<BuildOptions, "services">,
): Promise<void> {
  if (build === undefined) return;
  const [command, ...args] = build;
  const shown = `\`${build.join(" ")}\``;
  const step = reporter.step(`build of ${name}`);
  step.progress(shown);
  try {
    const child = await supervisor
      .start({ name: `the build of ${name}`, command, args, cwd, env: { ...env, ...own }, graceMs: 1000 })
      .catch((cause: unknown) => {
        throw new DevError(
          `Cannot build ${name}: ${shown}: ${cause instanceof Error ? cause.message : String(cause)}`,
          { cause },
        );
      });
    child.onLine(({ text }) => {
      if (text.trim() !== "") step.progress(text.trim());
    });
    const { exit, asked } = await child.ended;
    if (asked) throw new DevError(`The build of ${name} was stopped`);
    if (exit.type === "exited" && exit.code === 0) return step.done(shown);
    throw new DevError(`Cannot build ${name}: ${shown} ${describeExit(exit)}. ${lastWords(child.lastLines)}`);
  } catch (error) {
    step.fail(signal.aborted ? "stopped" : "failed");
    throw error;
  }
}
