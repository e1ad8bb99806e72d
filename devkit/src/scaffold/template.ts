// Templates are folders of files that end in `.tmpl`; `{{name}}` in their paths and texts stands for what it names.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file to be. */
export interface PlannedFile {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
}

const folder = new URL("../../templates/", import.meta.url).pathname;
const ending = ".tmpl";

/** All files of a template, filled in. @throws TypeError where a template names what there is not. */
export function renderTemplate(
  template: string,
  values: Readonly<Record<string, string>>,
): readonly PlannedFile[] {
  const root = join(folder, template);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted()
    .map((path) => ({
      path: fillIn(path.slice(0, -ending.length), values),
      text: fillIn(readFileSync(join(root, path), "utf8"), values),
    }));
}

function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new TypeError(`A template names {{${key}}}, which there is not`);
    return value;
  });
}
