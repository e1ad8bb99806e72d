import { mkdir, mkdtemp, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import t, { type Test } from "tap";
import { rememberContents } from "./contents.ts";
import { importsIn } from "./imports.ts";
import { isIgnored } from "./ignored.ts";
import { createModuleGraph } from "./module-graph.ts";
import { serviceFiles } from "./service-files.ts";
import { watchFolders } from "./watch-folders.ts";

/** A folder with these files; it goes with the test. */
async function folderWith(t: Test, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "samspel-watch-")));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await write(folder, files);
  return folder;
}

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** Changes as they are told. */
function changesOf(t: Test, folder: string) {
  const seen = new Set<string>();
  let wake = (): void => {};
  const watcher = watchFolders({
    onChange(path) {
      seen.add(path);
      wake();
    },
    onError: (error) => t.fail(error.message),
  });
  watcher.add({ path: folder, recursive: true });
  t.teardown(() => watcher.close());
  return {
    watcher,
    seen,
    async until(path: string): Promise<void> {
      while (!seen.has(path)) await new Promise<void>((resolve) => (wake = resolve));
      seen.clear();
    },
  };
}

t.test("importsIn() finds what a module names, and not what is types only", (t) => {
  const text = `
    import { a } from "./a.ts"; import * as b from './b.ts';
    import "./effect.ts";
    import c, { type D } from "./c.ts";
    import type { E } from "./types.ts";
    export * from "./f.ts";
    export type { G } from "./types.ts";
    export {
      h,
      i,
    } from "./h.ts";
    const late = await import("./late.ts");
    const old = require("./old.cjs");
    const worker = new Worker(new URL("./worker.ts", import.meta.url));
    const from = "./none.ts";
  `;
  t.strictSame(
    importsIn(text).toSorted(),
    ["a.ts", "b.ts", "c.ts", "effect.ts", "f.ts", "h.ts", "late.ts", "old.cjs", "worker.ts"].map(
      (name) => `./${name}`,
    ),
  );
  t.end();
});

t.test("createModuleGraph() follows imports into linked packages, and not into installed ones", async (t) => {
  const folder = await folderWith(t, {
    "app/main.ts": `import "./a.ts"; import "@x/lib"; import "@x/lib/deep/z.js"; import "installed"; import "node:fs"; import "#own";`,
    "app/a.ts": `import { b } from "../shared/b.js"; import "./missing.ts";`,
    "app/own.ts": "",
    "app/package.json": `{ "imports": { "#own": "./own.ts" } }`,
    "shared/b.ts": `import "../app/a.ts";`,
    "lib/package.json": `{ "exports": { ".": { "source": "./src/index.ts", "default": "./dist/index.js" }, "./deep/*.js": { "source": "./src/*.ts" } } }`,
    "lib/src/index.ts": `export * from "./inner.ts";`,
    "lib/src/inner.ts": "",
    "lib/src/z.ts": "",
    "node_modules/installed/package.json": `{ "main": "index.js" }`,
    "node_modules/installed/index.js": "",
  });
  await mkdir(join(folder, "node_modules/@x"), { recursive: true });
  await symlink(join(folder, "lib"), join(folder, "node_modules/@x/lib"));
  const graph = createModuleGraph([join(folder, "app/main.ts")], ["source"]);
  await graph.refresh();
  const shown = () => [...graph.files].map((path) => path.slice(folder.length + 1)).toSorted();
  t.strictSame(shown(), [
    "app/a.ts",
    "app/main.ts",
    "app/missing.ts",
    "app/own.ts",
    "lib/src/index.ts",
    "lib/src/inner.ts",
    "lib/src/z.ts",
    "shared/b.ts",
  ]);

  await write(folder, { "app/a.ts": `import "./new.ts";` });
  graph.forget(join(folder, "app/a.ts"));
  await graph.refresh();
  t.strictSame(
    shown().filter((name) => !name.startsWith("lib")),
    ["app/a.ts", "app/main.ts", "app/new.ts", "app/own.ts"],
  );
});

t.test("hasChanged() is false for what was written anew with what it had", async (t) => {
  const folder = await folderWith(t, { "a.ts": "1" });
  const path = join(folder, "a.ts");
  const contents = rememberContents();
  await contents.learn([path, join(folder, "none.ts")]);
  t.equal(await contents.hasChanged(path), false);
  await writeFile(path, "1");
  t.equal(await contents.hasChanged(path), false);
  await writeFile(path, "2");
  t.equal(await contents.hasChanged(path), true);
  t.equal(await contents.hasChanged(path), false);
  await rm(path);
  t.equal(await contents.hasChanged(path), true, "it is gone");
  t.equal(await contents.hasChanged(join(folder, "none.ts")), false);
  await writeFile(join(folder, "none.ts"), "");
  t.equal(await contents.hasChanged(join(folder, "none.ts")), true, "it appeared");
  t.equal(await contents.hasChanged(folder), false, "a folder is no file");
});

t.test(
  "watchFolders() tells of files in folders that appear, and after a save by rename",
  { timeout: 20_000 },
  async (t) => {
    const folder = await folderWith(t, { "src/a.ts": "1" });
    const changes = changesOf(t, folder);
    await writeFile(join(folder, "src/a.ts"), "2");
    await changes.until(join(folder, "src/a.ts"));
    await writeFile(join(folder, "src/.a.ts.swp"), "3");
    await rename(join(folder, "src/.a.ts.swp"), join(folder, "src/a.ts"));
    await changes.until(join(folder, "src/a.ts"));
    await write(folder, { "src/deep/er/b.ts": "1" });
    await changes.until(join(folder, "src/deep/er/b.ts"));
    await writeFile(join(folder, "src/deep/er/b.ts"), "2");
    await changes.until(join(folder, "src/deep/er/b.ts"));
    await write(folder, { "node_modules/x/index.js": "", "src/c.ts": "" });
    await changes.until(join(folder, "src/c.ts"));
    t.notOk([...changes.seen].some((path) => path.includes("node_modules")));
  },
);

t.test(
  "watchFolders() sees a folder again that was replaced, once it is added again",
  { timeout: 20_000 },
  async (t) => {
    const folder = await folderWith(t, { "src/a.ts": "1" });
    const changes = changesOf(t, join(folder, "src"));
    await rename(join(folder, "src"), join(folder, "old"));
    await write(folder, { "src/a.ts": "1" });
    changes.watcher.add({ path: join(folder, "src"), recursive: true });
    await writeFile(join(folder, "src/a.ts"), "2");
    await changes.until(join(folder, "src/a.ts"));
  },
);

t.test("isIgnored() leaves out what is no source", (t) => {
  const ignored = [
    ".git",
    ".a.swp",
    "node_modules",
    "target",
    "target-dev",
    "__pycache__",
    "a.pyc",
    "a~",
    "4913",
  ];
  t.strictSame(
    ignored.filter((name) => !isIgnored(name)),
    [],
  );
  t.strictSame(["a.ts", "src", "targets.go"].filter(isIgnored), []);
  t.end();
});

t.test("serviceFiles() guesses by language, and takes what samspel.json says", async (t) => {
  const folder = await folderWith(t, {
    "cart/main.ts": `import "./cart.ts";`,
    "cart/cart.ts": "",
    "cart/.env": "",
    "go/main.go": "",
    "go/go.mod": "module x\nreplace example.com/lib => ../golib\n",
    "golib/lib.go": "",
    "py/requirements.txt": "",
    "py/src/app.py": "",
    "proto/a.proto": "",
  });
  const at = (...names: string[]) => names.map((name) => join(folder, name));
  const [python, requirements] = [join(folder, "py/src"), join(folder, "py/requirements.txt")];
  const cases = [
    {
      service: {
        command: ["node", "--conditions=x", "--env-file=cart/.env", "cart/main.ts", "8080"],
        cwd: folder,
      },
      yes: at("cart/main.ts", "cart/cart.ts", "cart/.env"),
      no: at("cart/cart.test.ts", "go/main.go"),
    },
    {
      service: { command: [".build/x"], build: ["go", "build"], cwd: join(folder, "go") },
      yes: at("go/main.go", "go/sub/new.go", "go/go.mod", "golib/lib.go"),
      no: at("go/README.md", "cart/cart.ts"),
    },
    {
      service: { command: ["python", "-m", "app"], cwd: folder, python: { requirements, path: [python] } },
      yes: at("py/src/app.py", "py/requirements.txt"),
      no: at("py/other.py", "py/src/data.json"),
    },
    {
      service: {
        command: ["node", "cart/main.ts"],
        cwd: folder,
        watch: at("go/**/*.go", "py", "cart/cart.ts"),
        protos: at("proto"),
      },
      yes: at("go/a/b.go", "py/x/y.json", "cart/cart.ts", "proto/a.proto"),
      no: at("cart/main.ts", "proto/README.md", "go/go.mod"),
    },
  ] as const;
  for (const { service, yes, no } of cases) {
    const files = serviceFiles(service);
    await files.refresh();
    t.strictSame(
      yes.filter((path) => !files.has(path)),
      [],
      service.command.join(" "),
    );
    t.strictSame(
      no.filter((path) => files.has(path)),
      [],
      service.command.join(" "),
    );
    t.ok(files.folders().length > 0);
  }
});
