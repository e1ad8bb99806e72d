// Asks before something is lost.
import { createInterface } from "node:readline/promises";
import { UsageError } from "./usage-error.ts";

/** Resolves where the answer is yes, or `--yes` said so before. */
export async function confirm(question: string, { yes }: { readonly yes: boolean }): Promise<void> {
  if (yes) return;
  if (!process.stdin.isTTY) throw new UsageError(`${question} Nobody can answer here: give --yes`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError("Nothing was done");
  } finally {
    lines.close();
  }
}
