// What a change of .proto files means: code is generated anew; then they are linted and compared with the last commit.
//
//   P1. Where generating fails, nothing else happens: what runs goes on with what was generated last.
//   P2. What lint and comparison find are problems to see; they hold nothing back.
import { existsSync } from "node:fs";
import { delimiter, dirname, join, relative, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Program, ProtosDefinition } from "../config/index.ts";
import type { InfraReporter } from "../infra/index.ts";
import type { Supervisor } from "../process/index.ts";
import type { WatchedFolder } from "../watch/index.ts";
import { DevError } from "./dev-error.ts";
import { lastCommit } from "./last-commit.ts";
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
  /** Generates from these from now on; true where they are others than before. */
  redefine(definitions: readonly ProtosDefinition[]): boolean;
  /** Generates; false where it failed, which is a problem then (P1). Lint and comparison follow in the background. */
  run(): Promise<boolean>;
  close(): Promise<void>;
}

export interface GeneratorOptions {
  readonly definitions: readonly ProtosDefinition[];
  /** The project's folder. */
  readonly dir: string;
  /** Where the last commit's files are kept. */
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly supervisor: Supervisor;
  readonly reporter: InfraReporter;
  readonly problems: Problems;
}

/** Creates the generator; it runs nothing yet. */
export function createGenerator(options: GeneratorOptions): Generator {
  const { dir, stateDir, problems, supervisor } = options;
  let { definitions } = options;
  const folders = (): readonly string[] => definitions.flatMap(({ folders: named }) => named);
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
    const looks = named.map((folder) => {
      return tool(["buf", "lint", pathFrom(cwd, folder)], cwd, "Cannot lint", [0, findings]);
    });
    return (await Promise.all(looks)).flatMap(found);
  }

  async function breaking({ folders: named, cwd, against }: ProtosDefinition): Promise<readonly string[]> {
    const looks = named.map(async (folder) => {
      const base = against ?? (await lastCommit(folder, stateDir));
      if (base === undefined || base === false) return [];
      const program: Program = ["buf", "breaking", pathFrom(cwd, folder), "--against", base];
      // Where there is nothing to compare with, as of a folder that was never committed, nothing is broken.
      return found(await tool(program, cwd, "Cannot compare", [0, 1, findings]));
    });
    return (await Promise.all(looks)).flat();
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
      check("lint", lint, (count) => `lint: ${counted(count, "finding")}`),
      check("breaking", breaking, (count) => `${counted(count, "change", "break")} callers`),
    ]);
  };

  return {
    has: (path) => path.endsWith(".proto") && folders().some((folder) => path.startsWith(folder + sep)),
    get folders() {
      return folders().map((path) => ({ path, recursive: true }));
    },
    redefine(others) {
      if (isDeepStrictEqual(others, definitions)) return false;
      definitions = others;
      return true;
    },
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

const pathFrom = (cwd: string, folder: string): string => relative(cwd, folder) || ".";

const counted = (count: number, what: string, verb?: string): string => {
  const noun = count === 1 ? what : `${what}s`;
  return verb === undefined ? `${count} ${noun}` : `${count} ${noun} ${count === 1 ? `${verb}s` : verb}`;
};

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
