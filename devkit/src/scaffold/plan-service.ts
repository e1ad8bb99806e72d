// One more service in a project that is there.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import type { Project } from "../config/index.ts";
import { jsonText } from "./json-text.ts";
import { kits, type Language } from "./languages.ts";
import { namesOf, type Names } from "./names.ts";
import type { Packages } from "./packages.ts";
import { ScaffoldError } from "./scaffold-error.ts";
import { renderTemplate, type PlannedFile } from "./template.ts";
import type { Plan } from "./write-plan.ts";

const projectFile = v.looseObject({ services: v.record(v.string(), v.unknown()) });
const manifest = v.looseObject({ scripts: v.optional(v.record(v.string(), v.string())) });

/**
 * What `samspel new service` writes.
 * @throws ScaffoldError where the project has such a service, or where its file cannot be edited.
 */
export function planService(
  project: Project,
  name: string,
  language: Language,
  packages: Packages,
): { readonly names: Names; readonly plan: Plan } {
  const names = namesOf(project.name, name);
  if ([...project.services, ...project.unmanaged].some((service) => service.name === name))
    throw new ScaffoldError(`${basename(project.file)} has a service "${name}" already`);
  return {
    names,
    plan: {
      created: filesOf(project, names, language, packages),
      changed: [withService(project, names, language), ...withGenerate(project, names, language)],
    },
  };
}

function filesOf(
  { dir }: Project,
  names: Names,
  language: Language,
  packages: Packages,
): readonly PlannedFile[] {
  const { values, fromFolder } = kits[language];
  const files = renderTemplate(language, { ...names, ...values(names, packages) });
  const folder = language === "typescript" ? undefined : packages.library(language, join(dir, names.name));
  if (folder === undefined || fromFolder === undefined) return files;
  const more = fromFolder(names, folder);
  return files.map(({ path, text }) => ({ path, text: path === more.path ? text + more.text : text }));
}

function withService({ dir, file }: Project, names: Names, language: Language): PlannedFile {
  const entry = kits[language].entry(names);
  if (!file.endsWith(".json"))
    throw new ScaffoldError(
      `Cannot edit ${basename(file)}, as it is a program: add this to its services, and make the rest by hand\n  "${names.name}": ${JSON.stringify(entry)}`,
    );
  const text = readFileSync(file, "utf8");
  const old = v.parse(projectFile, JSON.parse(text));
  return {
    path: file.slice(dir.length + 1),
    text: jsonText({ ...old, services: { ...old.services, [names.name]: entry } }),
  };
}

/** package.json, where its script `generate` must do more. */
function withGenerate({ dir }: Project, names: Names, language: Language): readonly PlannedFile[] {
  const command = kits[language].generate?.(names);
  if (command === undefined) return [];
  const path = "package.json";
  const old = v.parse(manifest, JSON.parse(readFileSync(join(dir, path), "utf8")));
  const before = old.scripts?.["generate"];
  const generate = before === undefined ? command : `${before} && ${command}`;
  return [{ path, text: jsonText({ ...old, scripts: { ...old.scripts, generate } }) }];
}
