// A new service of a project, in any language: a proto file, a program that serves it, a test.
import { access, readFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { loadProject } from "../config/index.ts";
import { languageFacts, type Language } from "./languages.ts";
import { namesOf } from "./names.ts";
import type { Made } from "./new-project.ts";
import { ownPlace } from "./repository.ts";
import { runStep, type StepRunner } from "./run-step.ts";
import { addService, withService } from "./samspel-json.ts";
import { ScaffoldError } from "./scaffold-error.ts";
import { fillTemplate } from "./template.ts";
import { requireFree, writeFiles } from "./write-files.ts";

export interface NewServiceOptions {
  readonly name: string;
  readonly language: Language;
  /** The project's folder, or its file. */
  readonly project: string;
  /** A clone of Samspel's repository, for its library. Default: where this program runs from. */
  readonly repository?: string | undefined;
  /** Whether to generate code, and to bring the library. */
  readonly install: boolean;
  readonly dryRun: boolean;
  readonly run: StepRunner;
}

export interface MadeService extends Made {
  /** How its tests are run. */
  readonly test: string;
  /** What must be installed to run it; may be empty. */
  readonly needs: string;
}

/** @throws ScaffoldError or ConfigError that says what is wrong; nothing is overwritten. */
export async function newService(options: NewServiceOptions): Promise<MadeService> {
  const { language, install, dryRun, run } = options;
  const project = await loadProject(options.project);
  const names = namesOf("service", options.name);
  if (!project.file.endsWith(".json")) {
    throw new ScaffoldError(
      `Cannot add a service to ${project.file} as it is a program: have a samspel.json, which it extends`,
    );
  }
  const facts = languageFacts[language];
  const library = facts.kit === undefined ? "" : await findLibrary(options, facts.kit);
  const kit = relative(project.dir, library).replaceAll("\\", "/");
  const values = {
    ...names,
    project: project.name,
    rustName: names.package,
    kit: relative(join(project.dir, names.name), library).replaceAll("\\", "/"),
  };
  const files = [
    ...(await fillTemplate("service", values)),
    ...(await fillTemplate(`service-${language}`, values)),
  ];
  const entry = facts.entry(names, kit);
  withService(project.file, await readFile(project.file, "utf8"), names.name, entry);
  await requireFree(project.dir, files);
  const made = {
    folder: project.dir,
    files: files.map(({ path }) => path).toSorted(),
    test: facts.test(names, kit),
    needs: facts.needs,
  };
  if (dryRun) return made;
  await writeFiles(project.dir, files);
  await addService(project.file, names.name, entry);
  if (!install) return made;
  if (language === "java") {
    await runStep(
      run,
      "install the library into Maven's local repository",
      [
        "mvn",
        "-B",
        "-q",
        "-DskipTests",
        "-Dsamspel.target=target-install",
        "-f",
        library,
        "install",
        "-pl",
        ".,library",
      ],
      project.dir,
    );
  }
  await runStep(
    run,
    "generate code",
    ["npx", "samspel", "generate", "--no-breaking", "--service", names.name],
    project.dir,
  );
  return made;
}

/** Samspel's library for a language, while it is not published. */
async function findLibrary({ repository, language }: NewServiceOptions, kit: string): Promise<string> {
  const root = repository ?? (await ownPlace()).repository;
  if (root === undefined) {
    throw new ScaffoldError(
      `Samspel's library for ${language} is not published yet, and this is no clone of its repository: give --repository <folder of a clone>`,
    );
  }
  const library = resolve(root, kit);
  await access(library).catch(() => {
    throw new ScaffoldError(`--repository ${root} is no clone of Samspel's repository: it has no ${kit}`);
  });
  return library;
}
