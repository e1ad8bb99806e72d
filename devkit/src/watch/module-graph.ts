// All files that a JavaScript or TypeScript program is made of: its entry and what that imports, however far, within
// the workspace.
import { readFile } from "node:fs/promises";
import { importsIn } from "./imports.ts";
import { isScript, resolveImport } from "./resolve-import.ts";

export interface ModuleGraph {
  /** The program's files, also those that it names and that are not there. */
  readonly files: ReadonlySet<string>;
  /** Reads anew the files that changed, and follows them. */
  refresh(): Promise<void>;
  /** Has the file read anew by the next `refresh()`. */
  forget(path: string): void;
}

/** Creates the graph of a program; `conditions` as Node takes them. It is empty before `refresh()`. */
export function createModuleGraph(
  entries: readonly string[],
  conditions: readonly string[] = [],
): ModuleGraph {
  const holding = [...conditions, "node", "import", "module-sync", "require"];
  const imports = new Map<string, Promise<readonly string[]>>();
  let files: ReadonlySet<string> = new Set(entries);

  const read = async (path: string): Promise<readonly string[]> => {
    if (!isScript(path)) return [];
    const text = await readFile(path, "utf8").catch(() => "");
    return importsIn(text).flatMap((name) => resolveImport(name, path, holding) ?? []);
  };
  const importsOf = (path: string): Promise<readonly string[]> => {
    const known = imports.get(path) ?? read(path);
    imports.set(path, known);
    return known;
  };

  return {
    get files() {
      return files;
    },
    async refresh() {
      const found = new Set(entries);
      let next: readonly string[] = entries;
      while (next.length > 0) {
        const named = (await Promise.all(next.map(importsOf))).flat();
        next = [...new Set(named)].filter((path) => !found.has(path));
        for (const path of next) found.add(path);
      }
      files = found;
    },
    forget: (path) => void imports.delete(path),
  };
}
