// Which files a service is made of, so that a change of one means a restart: what samspel.json says, else a sensible
// guess from its tools.
//
//   G1. A program that Node runs is followed by its imports; so what others share restarts exactly those who use it.
//   G2. Any other is made of the sources of its language in its folder, and what else the language's own files name.
import { readFileSync } from "node:fs";
import { basename, dirname, join, matchesGlob, relative, resolve, sep } from "node:path";
import type { ServiceDefinition } from "../config/index.ts";
import { createModuleGraph, type ModuleGraph } from "./module-graph.ts";
import { isFile } from "./resolve-import.ts";
import { filesBelow, isFolder, type WatchedFolder } from "./watch-folders.ts";

/** The files of a service. */
export interface ServiceFiles {
  /** Whether the file is one of them, or would be. */
  has(path: string): boolean;
  /** What to watch to see all of them. */
  folders(): readonly WatchedFolder[];
  /** Those that are there. */
  list(): readonly string[];
  /** A file changed: what it names is looked at anew by `refresh()`. */
  forget(path: string): void;
  /** Looks anew which files there are. */
  refresh(): Promise<void>;
}

/** What is looked at of a definition. */
type Described = Pick<ServiceDefinition, "command" | "build" | "cwd" | "python" | "watch" | "protos">;

/** Creates the files of a service; `refresh()` must be called once. */
export function serviceFiles(service: Described): ServiceFiles {
  const guess =
    service.watch === undefined ? guessFiles(service) : { patterns: service.watch.map(parsePattern) };
  const protos = (service.protos ?? []).map((folder) => below(folder, /\.proto$/));
  const patterns = [...(guess.patterns ?? []), ...protos];
  const { graph } = guess;
  return {
    has: (path) => graph?.files.has(path) === true || patterns.some((pattern) => pattern.has(path)),
    folders: () => [
      ...patterns.map(({ folder, recursive }) => ({ path: folder, recursive })),
      ...[...new Set([...(graph?.files ?? [])].map((file) => dirname(file)))].map((path) => ({
        path,
        recursive: false,
      })),
    ],
    list: () => [
      ...(graph?.files ?? []),
      ...patterns.flatMap((pattern) =>
        filesBelow(pattern.folder, pattern.recursive).filter((file) => pattern.has(file)),
      ),
    ],
    forget: (path) => graph?.forget(path),
    refresh: async () => graph?.refresh(),
  };
}

interface Pattern {
  readonly folder: string;
  readonly recursive: boolean;
  has(path: string): boolean;
}

function below(folder: string, files: RegExp): Pattern {
  return {
    folder,
    recursive: true,
    has: (path) => path.startsWith(folder + sep) && files.test(basename(path)),
  };
}

function single(file: string): Pattern {
  return { folder: dirname(file), recursive: false, has: (path) => path === file };
}

/** A file, a folder with all below, or a glob; absolute. */
function parsePattern(pattern: string): Pattern {
  const isGlob = /[*?[{]/.test(pattern);
  // What is not there yet is seen when it appears, as a file.
  if (!isGlob) return isFolder(pattern) ? below(pattern, /(?:)/) : single(pattern);
  // Without `..` and what is before the first wildcard: the folder to watch.
  const folder = dirname(`${pattern.replace(/[*?[{].*$/, "")}x`);
  return { folder, recursive: true, has: (path) => matchesGlob(path, pattern) };
}

interface Guess {
  readonly graph?: ModuleGraph;
  readonly patterns?: readonly Pattern[];
}

/** Programs, and what their sources look like. */
const languages: readonly { readonly tools: RegExp; readonly files: RegExp }[] = [
  { tools: /^go$/, files: /\.go$|^go\.(mod|sum|work)$/ },
  {
    tools: /^(mvnw?|gradlew?|java|kotlin|sbt)$/,
    files: /\.(java|kt|kts|scala|properties|gradle)$|^pom\.xml$/,
  },
  { tools: /^cargo$/, files: /\.rs$|^Cargo\.toml$/ },
  { tools: /^(python[\d.]*|uv|poetry|pdm|uvicorn|gunicorn)$/, files: /\.py$|^pyproject\.toml$/ },
  { tools: /^(node|tsx|ts-node|bun|deno|npm|npx|pnpm|yarn)$/, files: /\.[cm]?[jt]sx?$|^package\.json$/ },
  { tools: /^dotnet$/, files: /\.(cs|fs|csproj|fsproj)$/ },
];

function guessFiles(service: Described): Guess {
  const { command, build, cwd, python } = service;
  if (python !== undefined)
    return {
      patterns: [
        ...(python.path.length === 0 ? [cwd] : python.path).map((folder) => below(folder, /\.py$/)),
        single(python.requirements),
      ],
    };
  const [program, ...args] = command;
  const node = basename(program) === "node" && build === undefined ? nodeProgram(args, cwd) : undefined;
  if (node !== undefined) return node;
  const tools = [build?.[0], program].flatMap((tool) => (tool === undefined ? [] : basename(tool)));
  const language = languages.find(({ tools: known }) => tools.some((tool) => known.test(tool)));
  if (language !== undefined)
    return {
      patterns: [
        below(cwd, language.files),
        ...replacedGoModules(cwd).map((dir) => below(dir, language.files)),
      ],
    };
  // A program that is built by tools we do not know; or one that lies there, which others build.
  if (build !== undefined) return { patterns: [below(cwd, /(?:)/)] };
  const file = resolve(cwd, program);
  return program.includes("/") && isFile(file) ? { patterns: [single(file)] } : {};
}

/** Files that Node reads beside the program. */
const beside = /^--(?:env-file|env-file-if-exists|import|require)$/;

/** The program that these arguments of Node run, if that can be told. */
function nodeProgram(args: readonly string[], cwd: string): Guess | undefined {
  const entries: string[] = [];
  const others: Pattern[] = [];
  const conditions: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [option = "", written] = (args[index] ?? "").split(/=(.*)/s);
    const value = written ?? args[index + 1] ?? "";
    if (option === "--conditions" || option === "-C") conditions.push(value);
    else if (beside.test(option) || option === "-r") {
      const file = resolve(cwd, value);
      if (option.includes("env-file")) others.push(single(file));
      else if (/^[./]/.test(value)) entries.push(file);
    } else if (!option.startsWith("-") && isFile(resolve(cwd, option))) {
      return { graph: createModuleGraph([...entries, resolve(cwd, option)], conditions), patterns: others };
    }
  }
  return undefined;
}

/** Folders that go.mod takes modules from: `replace example.com/x => ../x`. */
function replacedGoModules(cwd: string): readonly string[] {
  try {
    const text = readFileSync(join(cwd, "go.mod"), "utf8");
    return [...text.matchAll(/=>\s*(\.{1,2}\/\S*)/g)].map(([, folder]) => resolve(cwd, folder ?? ""));
  } catch {
    return [];
  }
}

/** A path for people: relative where that is shorter. */
export function shownPath(path: string, from: string): string {
  const short = relative(from, path);
  return short !== "" && short.length < path.length ? short : path;
}
