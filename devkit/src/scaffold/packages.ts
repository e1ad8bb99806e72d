// Where a new project gets Samspel from: from npm and the languages' own registries, at this version, or from a folder
// of packages, for a version that is not published (`npm run pack` makes one).
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import * as v from "valibot";
import { ScaffoldError } from "./scaffold-error.ts";

const own = new URL("../../", import.meta.url).pathname;
const unpublished = "0.0.0";

/** Where packages come from. */
export interface Packages {
  /** The version of this Samspel. */
  readonly version: string;
  /** What package.json says of an npm package. */
  npm(name: "samspel" | "@samspel/runtime" | "@samspel/registry"): string;
  /** Where a language's library is, for a service in the folder `from`. */
  library(language: string, from: string): Libraries;
}

/** A language's library. */
export interface Libraries {
  readonly version: string;
  /** Its folder; undefined where the language's registry has it. */
  readonly folder: string | undefined;
  /** The same, as seen from the service. */
  readonly relativeFolder: string | undefined;
}

const manifest = v.looseObject({
  devDependencies: v.optional(v.record(v.string(), v.string()), {}),
});

/**
 * @param folder The folder of packages. Default: the one that the project has its own from; else that of the repository
 *   that this program belongs to, if it does.
 * @throws ScaffoldError where the folder has none, and where there is neither a folder nor a published version.
 */
export function findPackages(root: string, folder: string | undefined): Packages {
  const version = ownVersion();
  const found = folder === undefined ? (projectPackages(root) ?? repositoryPackages()) : resolve(folder);
  if (found === undefined) {
    if (version === unpublished)
      throw new ScaffoldError(
        "Samspel's packages of this version are not published: make them by `npm run pack` in its repository, and name their folder by --packages",
      );
    return {
      version,
      npm: () => `^${version}`,
      library: () => ({ version, folder: undefined, relativeFolder: undefined }),
    };
  }
  const tarball = (name: string): string => join(found, `${name}-${version}.tgz`);
  for (const name of ["samspel", "samspel-runtime", "samspel-registry"]) {
    if (!existsSync(tarball(name)))
      throw new ScaffoldError(`${found} lacks ${name}-${version}.tgz: make it by \`npm run pack\``);
  }
  return {
    version,
    npm: (name) => `file:${relative(root, tarball(name.replace("@", "").replace("/", "-")))}`,
    library(language, from) {
      const folder = join(found, language);
      return { version, folder, relativeFolder: relative(from, folder) };
    },
  };
}

/** Where a project's `samspel` comes from, if that is a file. */
function projectPackages(root: string): string | undefined {
  const file = join(root, "package.json");
  if (!existsSync(file)) return undefined;
  const { devDependencies } = v.parse(manifest, JSON.parse(readFileSync(file, "utf8")));
  const from = devDependencies["samspel"];
  return from?.startsWith("file:") === true ? dirname(resolve(root, from.slice("file:".length))) : undefined;
}

/** Where `npm run pack` puts them; undefined where this program is installed, and not in its repository. */
function repositoryPackages(): string | undefined {
  const folder = join(own, "../.packages");
  return existsSync(join(own, "../buf.yaml")) && existsSync(folder) ? folder : undefined;
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(own, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest
    ? String(manifest.version)
    : unpublished;
}
