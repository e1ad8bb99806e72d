// Makes Samspel's packages, as they would be published, in .packages or the folder that is named: the tarballs of npm,
// and the libraries of the other languages as their sources. `samspel new` takes them from there until a version is
// published.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(root, ".packages"));

function run(command, ...args) {
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status === 0) return stdout;
  console.error(`${stdout}\`${[command, ...args].join(" ")}\` failed`);
  process.exit(1);
}

/** What is of a library, and not of its tests and its program of the scenario suite. */
const libraries = {
  go: /^(?!scenario\/|tools\/|buf\.|generate|check|interop)(?!.*_test\.go$)/,
  python: /^(src\/|pyproject|README)/,
  java: /^(library\/(?!src\/test\/)|pom\.xml|README)/,
  rust: /^(samspel\/(?!tests\/))/,
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
run("tsc", "-b", "registry", "ts-runtime", "devkit");
for (const workspace of ["registry", "ts-runtime", "devkit"])
  run("npm", "pack", "--silent", "--workspace", workspace, "--pack-destination", folder);
for (const [language, wanted] of Object.entries(libraries)) {
  const base = `interop/${language}`;
  for (const file of run("git", "ls-files", base).trim().split("\n")) {
    const path = file.slice(base.length + 1);
    if (!wanted.test(path)) continue;
    mkdirSync(dirname(join(folder, language, path)), { recursive: true });
    cpSync(join(root, file), join(folder, language, path));
  }
}
console.log(folder);
