// Writes what a scaffold planned, runs what makes it ready, and tells both.
import { join, relative } from "node:path";
import { preparePython } from "../../dev/python-environment.ts";
import { lineReporter, runToEnd } from "../../infra/index.ts";
import { superviseProcesses, type Supervisor } from "../../process/index.ts";
import { resolveColors } from "../../report/index.ts";
import { checkPlan, ScaffoldError, writePlan, type Plan, type Step } from "../../scaffold/index.ts";
import type { NewFlags } from "./new-command.ts";

export interface Work {
  /** The project's folder. */
  readonly root: string;
  readonly plan: Plan;
  /** Run one after the other in the project's folder, or below it. */
  readonly steps: readonly Step[];
  /** What to do next, a command a line; `{python}` is the Python of the steps. */
  readonly next: readonly string[];
}

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** Resolves with the exit code: 1 where nothing was written, or where a step failed. */
export async function carryOut(plan: () => Promise<Work> | Work, flags: NewFlags): Promise<number> {
  const colors = resolveColors(process.stderr);
  try {
    const work = await plan();
    checkPlan(work.root, work.plan);
    if (flags.dryRun) return report(work, flags, "would write");
    writePlan(work.root, work.plan);
    const python = flags.install ? await runSteps(work) : undefined;
    const next = work.next.map((command) => command.replace("{python}", python ?? "python"));
    return report({ ...work, next }, flags, "wrote");
  } catch (error) {
    tell(colors.red(error instanceof Error ? error.message : String(error)));
    return 1;
  }
}

/** Resolves with the Python of the last step that has one, as seen from the project's folder. */
async function runSteps({ root, steps }: Work): Promise<string | undefined> {
  const reporter = lineReporter(tell);
  const supervisor = superviseProcesses();
  let python: string | undefined;
  try {
    for (const { title, command, cwd = ".", requirements } of steps) {
      const shown = command.join(" ");
      const step = reporter.step(title);
      step.progress(shown);
      try {
        const [given, ...args] = command;
        if (requirements !== undefined) python = await pythonOf(root, requirements, supervisor);
        const program = requirements === undefined ? given : (python ?? given);
        await runToEnd(supervisor, { name: shown, command: program, args, cwd: join(root, cwd) });
      } catch (error) {
        step.fail(shown);
        throw new ScaffoldError(
          `The files are written, but \`${shown}\` failed; mend it and run it again in ${root}\n${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
      step.done(shown);
    }
    return python === undefined ? undefined : relative(root, python);
  } finally {
    await supervisor.stop();
  }
}

/** The Python that `samspel dev` will run the service with. */
async function pythonOf(root: string, requirements: string, supervisor: Supervisor): Promise<string> {
  const { interpreter } = await preparePython({
    requirements: join(root, requirements),
    dir: join(root, ".samspel/python"),
    reporter: lineReporter(tell),
    supervisor,
    env: process.env,
  });
  return interpreter;
}

function report({ root, plan, next }: Work, { json, dryRun }: NewFlags, did: string): number {
  const created = plan.created.map(({ path }) => path);
  const changed = plan.changed.map(({ path }) => path);
  if (json) {
    process.stdout.write(`${JSON.stringify({ root, dryRun, created, changed, next })}\n`);
    return 0;
  }
  const colors = resolveColors(process.stdout);
  const lines = [
    `${did} in ${root}`,
    ...created.map((path) => `  ${colors.green("+")} ${path}`),
    ...changed.map((path) => `  ${colors.yellow("~")} ${path}`),
    ...(dryRun ? [] : ["", "Next:", ...next.map((command) => `  ${colors.cyan(command)}`)]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}
