// Templates: folders of files whose names and contents have places for names.
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** What stands for `{{key}}` in contents, and for `__key__` in paths. */
export type Values = Readonly<Record<string, string>>;

/** A file that is to be made. */
export interface PlannedFile {
  /** From the folder of the project, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** Beside the sources, and beside what is built of them. */
const folder = fileURLToPath(new URL("../../templates/", import.meta.url));

/** npm leaves files such as .gitignore out of packages, and tools take package.json for one: so all have this ending. */
const ending = ".tmpl";

/**
 * The files of a template.
 * @throws Error for a place that has no value: a defect of the template.
 */
export async function fillTemplate(name: string, values: Values): Promise<readonly PlannedFile[]> {
  const root = join(folder, name);
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith(ending));
  return Promise.all(
    files.map(async (entry) => {
      const source = join(entry.parentPath, entry.name);
      const path = relative(root, source).replaceAll("\\", "/").slice(0, -ending.length);
      return {
        // A name such as `__init__` is no place.
        path: path.replaceAll(/__([A-Za-z]+?)__/g, (text, key: string) => values[key] ?? text),
        content: (await readFile(source, "utf8")).replaceAll(/\{\{(\w+)\}\}/g, (_, key: string) => {
          const value = values[key];
          if (value === undefined) throw new Error(`template ${name}: nothing stands for ${key} in ${path}`);
          return value;
        }),
      };
    }),
  );
}
