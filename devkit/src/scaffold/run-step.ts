// Programs that are run on the way, such as npm.
import { ScaffoldError } from "./scaffold-error.ts";

/** Runs a program; resolves with its exit code and what it wrote. */
export type StepRunner = (
  title: string,
  command: readonly [string, ...string[]],
  cwd: string,
) => Promise<{ readonly code: number; readonly output: string }>;

/** @throws ScaffoldError with the program's output where it fails. */
export async function runStep(
  run: StepRunner,
  title: string,
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<void> {
  const { code, output } = await run(title, command, cwd);
  if (code === 0) return;
  throw new ScaffoldError(
    `Cannot ${title}: ${command.join(" ")} ended with ${code}, in ${cwd}\n${output.trim()}`,
  );
}
