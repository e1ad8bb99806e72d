// Writes what a scaffold planned, runs what makes it ready, and tells both.
import { lineReporter, runToEnd } from "../../infra/index.ts";
import { superviseProcesses } from "../../process/index.ts";
import { resolveColors } from "../../report/index.ts";
import { checkPlan, ScaffoldError, writePlan, type Plan, type Step } from "../../scaffold/index.ts";
import type { NewFlags } from "./new-command.ts";

export interface Work {
  /** The project's folder. */
  readonly root: string;
  readonly plan: Plan;
  /** Run one after the other in the project's folder, or below it. */
  readonly steps: readonly Step[];
  /** What to do next, a command a line. */
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
    if (flags.install) await runSteps(work);
    return report(work, flags, "wrote");
  } catch (error) {
    tell(colors.red(error instanceof Error ? error.message : String(error)));
    return 1;
  }
}

async function runSteps({ root, steps }: Work): Promise<void> {
  const reporter = lineReporter(tell);
  const supervisor = superviseProcesses();
  try {
    for (const { title, command, cwd = "." } of steps) {
      const shown = command.join(" ");
      const step = reporter.step(title);
      step.progress(shown);
      const [program, ...args] = command;
      try {
        await runToEnd(supervisor, { name: shown, command: program, args, cwd: `${root}/${cwd}` });
      } catch (error) {
        step.fail(shown);
        throw new ScaffoldError(
          `The files are written, but \`${shown}\` failed; mend it and run it again in ${root}\n${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
      step.done(shown);
    }
  } finally {
    await supervisor.stop();
  }
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
