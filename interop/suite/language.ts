// A language of the suite: what its interop.json says, and its programs, built with its own tools.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import * as v from "valibot";

const interop = join(import.meta.dirname, "..");
const run = promisify(execFile);

const command = v.pipe(v.array(v.string()), v.minLength(1));

const manifest = v.strictObject({
  /** Commands that answer where the language can be built. */
  tools: v.array(command),
  build: v.array(command),
  scenario: command,
  /** Whether its programs know SAMSPEL_IDENTITY. */
  identity: v.optional(v.boolean(), false),
});

export interface Language extends v.InferOutput<typeof manifest> {
  readonly name: string;
  readonly folder: string;
}

/** A tool of the language that does not answer here. */
export class MissingTool extends Error {}

/** The names of all languages, but TypeScript, with which all of them talk. */
export function languageNames(): readonly string[] {
  return readdirSync(interop, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "typescript" && hasManifest(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

function hasManifest(name: string): boolean {
  return readdirSync(join(interop, name)).includes("interop.json");
}

/** @throws Error for a language that is not there, or whose interop.json is not as it must be. */
export function loadLanguage(name: string): Language {
  const folder = join(interop, name);
  const parsed = v.parse(manifest, JSON.parse(readFileSync(join(folder, "interop.json"), "utf8")));
  return { ...parsed, scenario: parsed.scenario.map(filled), name, folder };
}

/** `{node}` is the Node that runs this. */
function filled(word: string): string {
  return word === "{node}" ? process.execPath : word;
}

/**
 * Builds a language's programs.
 * @throws MissingTool that names it; Error with what the failed command wrote.
 */
export async function build(
  { name, folder, tools, build: steps }: Language,
  signal: AbortSignal,
): Promise<void> {
  for (const [tool = "", ...args] of tools) {
    await run(tool, args, { cwd: folder, signal }).catch((error: unknown) => {
      throw new MissingTool(`${name}: \`${[tool, ...args].join(" ")}\` does not answer: install ${tool}`, {
        cause: error,
      });
    });
  }
  for (const [tool = "", ...args] of steps) {
    await run(tool, args, { cwd: folder, signal, maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
      const { stdout = "", stderr = "" } = error as { readonly stdout?: string; readonly stderr?: string };
      const output = `${stdout}\n${stderr}`.trim().split("\n").slice(-40).join("\n");
      throw new Error(`${name}: \`${[tool, ...args].join(" ")}\` failed:\n${output}`, { cause: error });
    });
  }
}
