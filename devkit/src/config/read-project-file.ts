// Reads what is written: samspel.json, or samspel.config.ts with a default export.
import { readFile } from "node:fs/promises";
import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { safeParse } from "valibot";
import { ConfigError } from "./config-error.ts";
import { explainIssues } from "./explain-issue.ts";
import { projectSchema, type ProjectFile } from "./schema.ts";

const script = /\.[cm]?[jt]s$/;

/** The file of a place: the file itself, or that of a folder. @throws ConfigError where a folder has both kinds. */
export async function findProjectFile(place: string): Promise<string> {
  if (await isThere(place, "file")) return resolve(place);
  const json = join(resolve(place), "samspel.json");
  const config = join(resolve(place), "samspel.config.ts");
  if (!(await isThere(config, "file"))) return json;
  if (await isThere(json, "file"))
    throw new ConfigError(config, [`there is ${json} beside it: keep one of them`]);
  return config;
}

/** @throws ConfigError that names each key at fault. */
export async function readProjectFile(file: string): Promise<ProjectFile> {
  const written = script.test(file) ? await importDefault(file) : parse(file, await read(file));
  const result = safeParse(projectSchema, written);
  if (!result.success) throw new ConfigError(file, explainIssues(result.issues));
  return result.output;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new ConfigError(
      file,
      [
        "cannot be read; name the folder of a project that has a samspel.json or samspel.config.ts with --project",
      ],
      { cause },
    );
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConfigError(file, [`is not JSON: ${reasonOf(cause)}`], { cause });
  }
}

async function importDefault(file: string): Promise<unknown> {
  let module: unknown;
  try {
    const url = pathToFileURL(file);
    // Read anew when it has changed; what it imports is not.
    url.searchParams.set("changed", String((await stat(file)).mtimeMs));
    module = await import(url.href);
  } catch (cause) {
    throw new ConfigError(file, [`cannot be loaded: ${reasonOf(cause)}`], { cause });
  }
  if (typeof module === "object" && module !== null && "default" in module) return module.default;
  throw new ConfigError(file, ["has no default export; write `export default defineProject({ … })`"]);
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

/** Whether there is a file, or a folder. */
export async function isThere(path: string, kind: "file" | "folder"): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return (kind === "file" ? found?.isFile() : found?.isDirectory()) === true;
}
