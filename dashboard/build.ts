// Builds the pages into a folder that any server can serve: `index.html`, one script, one style sheet, one icon.
//
//   B1. Script and style sheet have a hash of their content in their names, so a server may let them be cached for ever.
//   B2. A build takes effect at once, when `index.html` is renamed into place: whoever is served meanwhile gets the old
//       page with the old files, and builds may run beside each other.
//   B3. Nothing is loaded from elsewhere, and nothing stands inline: the strictest Content-Security-Policy holds.
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const folder = import.meta.dirname;

/** Where devkit ships the pages from. */
const shippedFolder: string = join(folder, "../devkit/dashboard");

/** Files of earlier builds stay so long for pages that are open. */
const keepOldMs = 60 * 60 * 1000;

/** Builds into `outFolder`, which is made where it is missing. */
export async function buildDashboard(outFolder: string = shippedFolder): Promise<void> {
  await mkdir(outFolder, { recursive: true });
  const bundle = await build({
    absWorkingDir: folder,
    entryPoints: { app: "src/main.tsx", style: "src/styles/style.css", icon: "src/icon.svg" },
    outdir: outFolder,
    entryNames: "[name]-[hash]",
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17"],
    jsx: "automatic",
    jsxImportSource: "preact",
    conditions: ["samspel-source", "browser"],
    loader: { ".svg": "copy" },
    legalComments: "none",
    logLevel: "warning",
  });
  const names = new Set<string>(["index.html"]);
  for (const file of bundle.outputFiles) {
    await writeFile(file.path, file.contents);
    names.add(basename(file.path));
  }
  await replaceFile(join(outFolder, "index.html"), page([...names])); // B2
  await removeOld(outFolder, names);
}

/** B1, B3. */
function page(names: readonly string[]): string {
  const named = (start: string, end: string): string =>
    `/${names.find((name) => name.startsWith(start) && name.endsWith(end)) ?? ""}`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Samspel</title>
    <link rel="icon" type="image/svg+xml" href="${named("icon-", ".svg")}" />
    <link rel="stylesheet" href="${named("style-", ".css")}" />
    <script type="module" src="${named("app-", ".js")}"></script>
  </head>
  <body>
    <div id="app"></div>
    <noscript>The dashboard is made by a script: allow scripts for this page.</noscript>
  </body>
</html>
`;
}

async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, text);
  await rename(draft, path);
}

async function removeOld(outFolder: string, names: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(outFolder)) {
    if (names.has(name)) continue;
    const path = join(outFolder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > keepOldMs) await rm(path, { force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildDashboard(process.argv[2]);
