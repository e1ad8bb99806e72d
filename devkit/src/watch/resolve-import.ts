// Where a module that is named lies, by Node's rules. Packages are followed where they are linked into node_modules, as
// those of a workspace are; what is installed there does not change.
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const installed = `${sep}node_modules${sep}`;
const extensions = ["", ".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"];

/**
 * The file, or the one that it should be where there is none, so that it is seen when it appears. Undefined for what
 * Node brings and for installed packages.
 */
export function resolveImport(name: string, from: string, conditions: readonly string[]): string | undefined {
  if (/^\.{0,2}\//.test(name)) return existing(resolve(dirname(from), name));
  if (name.startsWith("file:")) return fileURLToPath(name);
  if (name.startsWith("#")) return resolveOwn(name, from, conditions);
  if (name.includes(":")) return undefined;
  return resolvePackage(name, from, conditions);
}

/** As written; else with an extension; else, as compilers allow, the .ts of a .js. */
function existing(path: string): string {
  const swapped = path.replace(/\.([cm]?)js(x?)$/, ".$1ts$2");
  return [...extensions.map((extension) => path + extension), swapped].find(isFile) ?? path;
}

function resolvePackage(name: string, from: string, conditions: readonly string[]): string | undefined {
  const [, packageName, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(name) ?? [];
  if (packageName === undefined) return undefined;
  const folder = upwards(dirname(from), (parent) => {
    const candidate = join(parent, "node_modules", packageName);
    return isFile(join(candidate, "package.json")) ? realpathSync(candidate) : undefined;
  });
  if (folder === undefined || `${folder}${sep}`.includes(installed)) return undefined;
  const { exports, main } = readPackage(folder);
  const subpath = `.${rest ?? ""}`;
  if (exports === undefined) return existing(join(folder, rest === "" ? (main ?? "index.js") : subpath));
  const target = targetOf(exports, subpath, conditions);
  return target === undefined ? undefined : join(folder, target);
}

/** `#names` of the package's own `imports`. */
function resolveOwn(name: string, from: string, conditions: readonly string[]): string | undefined {
  const folder = upwards(dirname(from), (parent) =>
    isFile(join(parent, "package.json")) ? parent : undefined,
  );
  if (folder === undefined) return undefined;
  const target = targetOf(readPackage(folder).imports, name, conditions);
  if (target === undefined) return undefined;
  return target.startsWith(".") ? join(folder, target) : resolvePackage(target, from, conditions);
}

/** What `exports` or `imports` say of a name. */
function targetOf(map: unknown, name: string, conditions: readonly string[]): string | undefined {
  const isMap = isObject(map) && Object.keys(map).every((key) => /^[.#]/.test(key));
  if (!isMap) return name === "." ? pick(map, conditions) : undefined;
  if (name in map) return pick(map[name], conditions);
  for (const [key, value] of Object.entries(map)) {
    const [before, after] = key.split("*");
    if (before === undefined || after === undefined) continue;
    if (!name.startsWith(before) || !name.endsWith(after) || name.length < key.length) continue;
    const star = name.slice(before.length, name.length - after.length);
    return pick(value, conditions)?.replaceAll("*", star);
  }
  return undefined;
}

/** The first target whose conditions hold. */
function pick(value: unknown, conditions: readonly string[]): string | undefined {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return pick(value[0], conditions);
  if (!isObject(value)) return undefined;
  for (const [condition, target] of Object.entries(value)) {
    if (condition !== "default" && !conditions.includes(condition)) continue;
    const found = pick(target, conditions);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readPackage(folder: string): { exports?: unknown; imports?: unknown; main?: string } {
  try {
    const written: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (!isObject(written)) return {};
    const { exports, imports, main } = written;
    return { exports, imports, ...(typeof main === "string" ? { main } : {}) };
  } catch {
    return {};
  }
}

function upwards(folder: string, find: (folder: string) => string | undefined): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = find(at);
    if (found !== undefined || dirname(at) === at) return found;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true;

/** Whether a file may name modules. */
export const isScript = (path: string): boolean => /^\.[cm]?[jt]sx?$/.test(extname(path));
