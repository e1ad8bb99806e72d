// What a change of .proto files means: code is generated anew; then they are linted and compared with the last commit.
//
//   P1. Where generating fails, nothing else happens: what runs goes on with what was generated last.
//   P2. What lint and comparison find are problems to see; they hold nothing back.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, relative, sep } from "node:path";
import { promisify } from "node:util";
import type { Program, ProtosDefinition } from "../config/index.ts";
import type { InfraReporter } from "../infra/index.ts";
import type { Supervisor } from "../process/index.ts";
import type { WatchedFolder } from "../watch/index.ts";
import { DevError } from "./dev-error.ts";
import type { DevProblemKind } from "./dev-system.ts";
import { problemOf, summaryOf, type Problems } from "./problems.ts";
import { runTool } from "./run-tool.ts";

/** buf's exit code for "these files have findings". */
const findings = 100;

/** Generates code from the project's .proto files. */
export interface Generator {
  /** Whether the file is one of them. */
  has(path: string): boolean;
  readonly folders: readonly WatchedFolder[];
  /** Generates; false where it failed, which is a problem then (P1). Lint and comparison follow in the background. */
  run(): Promise<boolean>;
  close(): Promise<void>;
}

export interface GeneratorOptions {
  readonly definitions: readonly ProtosDefinition[];
  /** The project's folder. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  readonly reporter: InfraReporter;
  readonly problems: Problems;
}

/** Creates the generator; it runs nothing yet. */
export function createGenerator(options: GeneratorOptions): Generator {
  const { definitions, dir, problems, supervisor } = options;
  const folders = definitions.flatMap(({ folders: named }) => named);
  const env = withTools(options.env, dir);
  let checks = Promise.resolve();
  let over = new AbortController();

  const tool = (program: Program, cwd: string, failed: string, accepted: readonly number[]) =>
    runTool(program, { name: program[0], failed, cwd, env, supervisor, signal: over.signal, accepted });

  async function generate({ generate: program, cwd }: ProtosDefinition): Promise<void> {
    if (program === undefined) return;
    await tool(program, cwd, "Cannot generate code", [0]);
  }

  async function lint({ folders: named, cwd, lint: wanted }: ProtosDefinition): Promise<readonly string[]> {
    if (!wanted) return [];
    return found(await tool(["buf", "lint", ...pathsOf(named, cwd)], cwd, "Cannot lint", [0, findings]));
  }

  async function breaking(definition: ProtosDefinition): Promise<readonly string[]> {
    const { folders: named, cwd } = definition;
    const against = definition.against ?? (await lastCommit(cwd));
    if (against === undefined || against === false) return [];
    const program: Program = ["buf", "breaking", "--against", against, ...pathsOf(named, cwd)];
    // Where there is nothing to compare with, as in a folder that was never committed, nothing is broken.
    return found(await tool(program, cwd, "Cannot compare", [0, 1, findings]));
  }

  /** Sets or clears the problem of a kind by what a check of all definitions finds. */
  async function check(
    kind: DevProblemKind,
    look: (definition: ProtosDefinition) => Promise<readonly string[]>,
    headline: (count: number) => string,
  ): Promise<void> {
    try {
      const lines = (await Promise.all(definitions.map(look))).flat();
      if (lines.length === 0) return problems.clear(undefined, kind);
      const summary = summaryOf(headline(lines.length), lines, dir);
      problems.set({ service: undefined, kind, summary, detail: lines.join("\n") });
    } catch (error) {
      if (!over.signal.aborted && error instanceof DevError)
        problems.set(problemOf(error, { service: undefined, kind, dir }));
    }
  }

  const checkAll = async (): Promise<void> => {
    await Promise.all([
      check("lint", lint, (count) => `${count} findings of lint`),
      check("breaking", breaking, (count) => `${count} changes break callers`),
    ]);
  };

  return {
    has: (path) => path.endsWith(".proto") && folders.some((folder) => path.startsWith(folder + sep)),
    folders: folders.map((path) => ({ path, recursive: true })),
    async run() {
      over.abort();
      over = new AbortController();
      await checks;
      const step = options.reporter.step("generated code");
      try {
        for (const definition of definitions) await generate(definition);
      } catch (error) {
        step.fail("could not be generated");
        if (!over.signal.aborted)
          problems.set(problemOf(error, { service: undefined, kind: "generate", dir }));
        return false;
      }
      step.done("is up to date");
      problems.clear(undefined, "generate");
      checks = checkAll();
      return true;
    },
    async close() {
      over.abort();
      await checks;
    },
  };
}

function found({ code, lines }: Awaited<ReturnType<typeof runTool>>): readonly string[] {
  return code === findings ? lines.map(({ text }) => text).filter((text) => text !== "") : [];
}

function pathsOf(folders: readonly string[], cwd: string): readonly string[] {
  return folders.flatMap((folder) => ["--path", relative(cwd, folder) || "."]);
}

/** What tools npm installed for the project come before others. */
function withTools(
  env: Readonly<Record<string, string | undefined>>,
  dir: string,
): Readonly<Record<string, string | undefined>> {
  const folders: string[] = [];
  for (let at = dir; ; at = dirname(at)) {
    const bin = join(at, "node_modules/.bin");
    if (existsSync(bin)) folders.push(bin);
    if (dirname(at) === at) break;
  }
  return { ...env, PATH: [...folders, dirname(process.execPath), env["PATH"] ?? ""].join(delimiter) };
}

/** The last commit as buf reads it; undefined where there is none. */
async function lastCommit(cwd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)("git", [
      "-C",
      cwd,
      "rev-parse",
      "--path-format=absolute",
      "--git-common-dir",
      "HEAD",
      "--show-prefix",
    ]);
    const [folder, commit, prefix = ""] = stdout.split("\n");
    if (folder === undefined || commit === undefined) return undefined;
    const subdir = prefix === "" ? "" : `,subdir=${prefix.replace(/\/$/, "")}`;
    return `${folder}#format=git,ref=${commit}${subdir}`;
  } catch {
    return undefined;
  }
}
