// One more service in a project that is there.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import type { Project } from "../config/index.ts";
import { jsonText } from "./json-text.ts";
import { kits, type Language, type Step } from "./languages.ts";
import { namesOf, type Names } from "./names.ts";
import type { Libraries, Packages } from "./packages.ts";
import { ScaffoldError } from "./scaffold-error.ts";
import { renderTemplate, type PlannedFile } from "./template.ts";
import type { Plan } from "./write-plan.ts";

const projectFile = v.looseObject({ services: v.record(v.string(), v.unknown()) });
const manifest = v.looseObject({ scripts: v.optional(v.record(v.string(), v.string()), {}) });

/** What `samspel new service` writes, and what is run before and after code is generated. */
export interface ServicePlan {
  readonly names: Names;
  readonly plan: Plan;
  readonly before: readonly Step[];
  readonly after: readonly Step[];
}

/** @throws ScaffoldError where the project has such a service, or where its file cannot be edited. */
export function planService(
  project: Project,
  name: string,
  language: Language,
  packages: Packages,
): ServicePlan {
  const names = namesOf(project.name, name);
  if ([...project.services, ...project.unmanaged].some((service) => service.name === name))
    throw new ScaffoldError(`${basename(project.file)} has a service "${name}" already`);
  const library = packages.library(language, join(project.dir, name));
  const { before, after } = kits[language];
  return {
    names,
    plan: {
      created: filesOf(names, language, library),
      changed: [withService(project, names, language), ...withGenerate(project, names, language)],
    },
    before: before?.(names, library) ?? [],
    after: after?.(names) ?? [],
  };
}

function filesOf(names: Names, language: Language, library: Libraries): readonly PlannedFile[] {
  const { templates, values } = kits[language];
  const filled = { ...names, ...values(names, library) };
  return templates.flatMap((template) => renderTemplate(template, filled));
}

function withService({ dir, file }: Project, names: Names, language: Language): PlannedFile {
  const entry = kits[language].entry(names);
  if (!file.endsWith(".json"))
    throw new ScaffoldError(
      `Cannot edit ${basename(file)}, as it is a program: add this to its services, and make the rest by hand\n  "${names.name}": ${JSON.stringify(entry)}`,
    );
  const old = readObject(file);
  const { services } = v.parse(projectFile, old);
  return {
    path: file.slice(dir.length + 1),
    text: jsonText({ ...old, services: { ...services, [names.name]: entry } }),
  };
}

/** package.json, where its script `generate` must do more. */
function withGenerate({ dir }: Project, names: Names, language: Language): readonly PlannedFile[] {
  const command = kits[language].generate?.(names);
  if (command === undefined) return [];
  const path = "package.json";
  const old = readObject(join(dir, path));
  const { scripts } = v.parse(manifest, old);
  const before = scripts["generate"];
  const generate = before === undefined ? command : `${before} && ${command}`;
  return [{ path, text: jsonText({ ...old, scripts: { ...scripts, generate } }) }];
}

/** As it stands, in its order, which a schema would change. */
function readObject(file: string): Readonly<Record<string, unknown>> {
  return v.parse(v.record(v.string(), v.unknown()), JSON.parse(readFileSync(file, "utf8")));
}
