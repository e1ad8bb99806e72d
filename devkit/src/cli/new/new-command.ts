// What `samspel new` does: it says what it makes, and how to go on.
import { relative } from "node:path";
import { runProgram } from "../../generate/index.ts";
import { lineReporter } from "../../infra/reporter.ts";
import { newProject, newService, ScaffoldError, type StepRunner } from "../../scaffold/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { projectFolder } from "../system/find-system.ts";
import { explainFailure } from "../system/run.ts";
import type { ProjectOptions, ServiceOptions } from "./index.ts";

export async function makeProject(folder: string, options: ProjectOptions): Promise<number> {
  return make(async (run) => {
    const { install, dryRun, packages } = options;
    const made = await newProject({ folder, install, dryRun, packages, run });
    const place = relative(process.cwd(), made.folder) || ".";
    const prepare = install ? [] : ["npm install", "npm run generate"];
    const next = [...(place === "." ? [] : [`cd ${place}`]), ...prepare, "npm test", "npm start"];
    tell({ ...made, next }, options);
  });
}

export async function makeService(name: string, options: ServiceOptions): Promise<number> {
  return make(async (run) => {
    const { install, dryRun, repository, lang: language } = options;
    const project = options.project ?? (await projectFolder(undefined));
    if (project === undefined)
      throw new UsageError(
        "No samspel.json is here, or in a folder above: go to a project, or give --project",
      );
    const made = await newService({ name, language, project, repository, install, dryRun, run });
    const { test, needs, folder, files } = made;
    const next = [...(install ? [] : ["npm run generate"]), test, "npm start"];
    tell({ folder, files, next, ...(needs === "" ? {} : { needs }) }, options);
  });
}

interface Told {
  readonly folder: string;
  readonly files: readonly string[];
  /** What to do next, in the project's folder. */
  readonly next: readonly string[];
  readonly needs?: string;
}

function tell(
  { folder, files, next, needs }: Told,
  { json, dryRun }: { readonly json: boolean; readonly dryRun: boolean },
): void {
  if (json) return console.log(JSON.stringify({ folder, files, next, needs, made: !dryRun }));
  console.log(dryRun ? `Would make in ${folder}:` : `Made in ${folder}:`);
  for (const file of files) console.log(`  ${file}`);
  if (needs !== undefined) console.log(`\nIt needs ${needs}.`);
  if (dryRun) return;
  console.log("\nNext:");
  for (const command of next) console.log(`  ${command}`);
}

/** 2 where nothing was made; 1 where something that was run afterwards failed. */
async function make(work: (run: StepRunner) => Promise<void>): Promise<number> {
  let ranSomething = false;
  const reporter = lineReporter((line) => console.error(line));
  const run: StepRunner = async (title, command, cwd) => {
    ranSomething = true;
    const step = reporter.step(title);
    const outcome = await runProgram(command, cwd);
    if (outcome.code === 0) step.done("done");
    else step.fail("failed");
    return outcome;
  };
  try {
    await work(run);
    return 0;
  } catch (error) {
    if (!(error instanceof ScaffoldError)) return explainFailure(error);
    console.error(error.message);
    return ranSomething ? 1 : 2;
  }
}
