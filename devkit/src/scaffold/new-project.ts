// A new project: a service with an entity, a topic and a projection, which runs and is tested at once.
import { basename, resolve } from "node:path";
import { packageSource, type PackageSpecs } from "./packages.ts";
import { namesOf } from "./names.ts";
import { runStep, type StepRunner } from "./run-step.ts";
import { fillTemplate, type PlannedFile } from "./template.ts";
import { vendoredProtos } from "./vendored-protos.ts";
import { requireFree, writeFiles } from "./write-files.ts";

export interface NewProjectOptions {
  /** Its folder; its name is the last part. */
  readonly folder: string;
  /** Tarballs of Samspel's packages. Default: npm, or the repository. */
  readonly packages?: string | undefined;
  /** Whether to install packages and generate code. */
  readonly install: boolean;
  /** Whether to tell only what would be made. */
  readonly dryRun: boolean;
  readonly run: StepRunner;
}

export interface Made {
  readonly folder: string;
  /** What was made, or would be, from the folder. */
  readonly files: readonly string[];
}

/** @throws ScaffoldError that says what is wrong; nothing is overwritten. */
export async function newProject(options: NewProjectOptions): Promise<Made> {
  const { install, dryRun, packages, run } = options;
  const folder = resolve(options.folder);
  const { name } = namesOf("project", basename(folder));
  const source = await packageSource(packages, run);
  const own = (await fillTemplate("project", { name })).map((file) =>
    file.path === "package.json" ? withPackages(file, source.specs) : file,
  );
  const files = [...own, ...(await vendoredProtos())];
  await requireFree(folder, files);
  const made = { folder, files: files.map(({ path }) => path).toSorted() };
  if (dryRun) return made;
  await writeFiles(folder, files);
  await source.bring(folder);
  if (!install) return made;
  await runStep(
    run,
    "install packages",
    ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"],
    folder,
  );
  await runStep(run, "generate code", ["npm", "run", "--silent", "generate"], folder);
  return made;
}

function withPackages(file: PlannedFile, specs: PackageSpecs): PlannedFile {
  const manifest: Record<string, unknown> = JSON.parse(file.content);
  for (const kind of ["dependencies", "devDependencies"] as const) {
    const all = Object.entries({ ...(manifest[kind] as Record<string, string>), ...specs[kind] });
    manifest[kind] = Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }
  return { ...file, content: `${JSON.stringify(manifest, undefined, 2)}\n` };
}
