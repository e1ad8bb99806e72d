// Generates the code of a project's proto files, and says what is wrong with them.
//
// Invariants:
//   N1. Each part is tried, whatever came of the others: code is made of proto files that lint dislikes, too.
//   N2. The service of a language that buf has no plugin for, generates by its own `generate.sh`.
import { access } from "node:fs/promises";
import { join } from "node:path";
import type { Project } from "../config/index.ts";
import { checkBreaking } from "./breaking.ts";
import { runProgram, type Outcome } from "./program.ts";

export interface GenerateOptions {
  readonly project: Pick<Project, "dir" | "services">;
  readonly lint: boolean;
  /** What git has of the proto files, to compare with; undefined for no comparison. */
  readonly against: string | undefined;
  /** Runs `generate.sh` of this service only. Default: of all. */
  readonly service?: string | undefined;
  /** Told of each part as it begins and ends. */
  readonly onPart: (part: string) => (result: PartResult) => void;
}

export interface PartResult {
  /** What was done, in a few words: `buf lint`. */
  readonly part: string;
  readonly type: "done" | "failed" | "skipped";
  /** The output of what failed; why a part was skipped. */
  readonly text: string;
}

/** Does all parts, one after the other. */
export async function generateProject(options: GenerateOptions): Promise<readonly PartResult[]> {
  const { project, lint, against, service, onPart } = options;
  const results: PartResult[] = [];
  const { dir } = project;
  const part = async (
    name: string,
    work: () => Promise<Outcome | { readonly skipped: string }>,
  ): Promise<void> => {
    const tell = onPart(name);
    const outcome = await work();
    const result: PartResult =
      "skipped" in outcome
        ? { part: name, type: "skipped", text: outcome.skipped }
        : { part: name, type: outcome.code === 0 ? "done" : "failed", text: textOf(outcome) };
    results.push(result);
    tell(result);
  };
  const hasBuf = await isThere(join(dir, "buf.yaml"));
  const noBuf = { skipped: "there is no buf.yaml" };
  if (lint) await part("buf lint", async () => (hasBuf ? runProgram(["buf", "lint"], dir) : noBuf));
  if (against !== undefined)
    await part("buf breaking", async () => (hasBuf ? checkBreaking(dir, against) : noBuf));
  await part("buf generate", async () =>
    (await isThere(join(dir, "buf.gen.yaml")))
      ? runProgram(["buf", "generate"], dir)
      : { skipped: "there is no buf.gen.yaml" },
  );
  for (const { name } of project.services) {
    if (service !== undefined && service !== name) continue;
    const script = join(name, "generate.sh");
    if (await isThere(join(dir, script))) await part(script, () => runProgram(["sh", script], dir));
  }
  return results;
}

function textOf({ code, output }: Outcome): string {
  if (code !== 127) return output.trim();
  return `${output.trim()}: install what is missing; buf comes with \`npm install --save-dev @bufbuild/buf\``;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
