// Where a new project gets Samspel's packages from: npm, or, while they are not published, tarballs that are packed into
// the project, just as npm would deliver them.
import { copyFile, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { ownPlace } from "./repository.ts";
import { runStep, type StepRunner } from "./run-step.ts";
import { ScaffoldError } from "./scaffold-error.ts";

/** By package: what package.json has for it. */
export interface PackageSpecs {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export interface PackageSource {
  readonly specs: PackageSpecs;
  /** Puts into the project what the specs need. */
  bring(project: string): Promise<void>;
}

const names = { registry: "@samspel/registry", runtime: "@samspel/runtime", devkit: "samspel" } as const;

/** The folder of the project that has the tarballs. */
const vendor = "vendor";

/**
 * @param tarballs A folder of tarballs, as `npm pack` makes them. Default: npm; from the repository, those that are packed
 * of it.
 * @throws ScaffoldError where the packages are nowhere.
 */
export async function packageSource(tarballs: string | undefined, run: StepRunner): Promise<PackageSource> {
  const { version, repository } = await ownPlace();
  if (tarballs !== undefined) {
    const files = await findTarballs(tarballs);
    return {
      specs: vendored(files),
      async bring(project) {
        await mkdir(join(project, vendor), { recursive: true });
        for (const file of Object.values(files))
          await copyFile(join(tarballs, file), join(project, vendor, file));
      },
    };
  }
  if (version !== undefined) {
    return {
      specs: {
        dependencies: { [names.runtime]: `^${version}` },
        devDependencies: { [names.devkit]: `^${version}` },
      },
      bring: async () => {},
    };
  }
  if (repository === undefined) {
    throw new ScaffoldError(
      "Samspel's packages are not published yet, and this is no clone of its repository: give --packages <folder>, with what `npm pack` made of registry, ts-runtime and devkit",
    );
  }
  return {
    specs: vendored({
      registry: "samspel-registry-0.0.0.tgz",
      runtime: "samspel-runtime-0.0.0.tgz",
      devkit: "samspel-0.0.0.tgz",
    }),
    async bring(project) {
      const target = join(project, vendor);
      await mkdir(target, { recursive: true });
      await runStep(
        run,
        "build Samspel's packages",
        ["npx", "tsc", "-b", "registry", "ts-runtime", "devkit"],
        repository,
      );
      const folders = ["registry", "ts-runtime", "devkit"].map((folder) => `./${folder}`);
      await runStep(
        run,
        "pack Samspel's packages",
        ["npm", "pack", "--silent", "--pack-destination", target, ...folders],
        repository,
      );
    },
  };
}

type Tarballs = Readonly<Record<keyof typeof names, string>>;

function fileSpec(name: string): string {
  return `file:${vendor}/${name}`;
}

/** npm finds what these need of each other among them. */
function vendored(files: Tarballs): PackageSpecs {
  return {
    dependencies: { [names.registry]: fileSpec(files.registry), [names.runtime]: fileSpec(files.runtime) },
    devDependencies: { [names.devkit]: fileSpec(files.devkit) },
  };
}

async function findTarballs(folder: string): Promise<Tarballs> {
  const all = await readdir(folder).catch(() => []);
  const find = (pattern: RegExp, name: string): string => {
    const found = all.find((file) => pattern.test(file));
    if (found !== undefined) return found;
    throw new ScaffoldError(`--packages ${folder} has no tarball of ${name}: make it with \`npm pack\``);
  };
  return {
    registry: find(/^samspel-registry-\d.*\.tgz$/, names.registry),
    runtime: find(/^samspel-runtime-\d.*\.tgz$/, names.runtime),
    devkit: find(/^samspel-\d.*\.tgz$/, names.devkit),
  };
}
