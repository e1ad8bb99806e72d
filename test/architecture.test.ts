// The layer rule of docs/architecture.md: a folder of the runtime imports only from folders below it, and through
// their doors; a package imports only from packages below it.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import t from "tap";

const root = join(import.meta.dirname, "..");
const runtime = join(root, "ts-runtime/src");

/** Lowest layer first; folders on one line may not import each other. */
const layers: ReadonlyArray<ReadonlyArray<string>> = [
  ["gen"],
  ["resilience", "roster"],
  ["errors", "telemetry", "codec"],
  ["descriptor", "request", "grpc", "policy"],
  ["auth", "balance"],
  ["service", "client"],
  ["postgres", "proxy"],
  ["cluster"],
  ["evolution", "journal", "topic"],
  ["tell", "compatibility"],
  ["entity", "live"],
  ["projection", "publication", "outbox", "inspection", "timer", "topic-stream"],
  ["backoffice", "publisher"],
  ["host"],
  ["testing"],
];
const rank = new Map(layers.flatMap((names, index) => names.map((name) => [name, index] as const)));

/** Lowest package first. */
const packages = ["registry", "ts-runtime", "devkit"] as const;
const packageNames = {
  registry: "@samspel/registry",
  "ts-runtime": "@samspel/runtime",
  devkit: "samspel",
} as const;

const importPattern = /(?:from|import)\s*\(?\s*"([^"]+)"/g;

function sources(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

function importsOf(file: string): readonly string[] {
  return [...readFileSync(file, "utf8").matchAll(importPattern)].flatMap(([, specifier]) => specifier ?? []);
}

function folderOf(file: string): string {
  return relative(runtime, dirname(file)).split("/")[0] ?? "";
}

t.test("each folder of the runtime has a layer, and each layer its folder", async (t) => {
  const folders = readdirSync(runtime, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  t.same(folders.map((entry) => entry.name).toSorted(), [...rank.keys()].toSorted());
});

t.test("imports of the runtime point down, through the door", async (t) => {
  for (const file of sources(runtime)) {
    const from = folderOf(file);
    if (from === "" || from === "gen") continue;
    for (const specifier of importsOf(file).filter((name) => name.startsWith("."))) {
      const target = join(dirname(file), specifier);
      const to = folderOf(target);
      if (from === to) continue;
      const what = `${relative(runtime, file)} -> ${specifier}`;
      t.ok((rank.get(to) ?? Infinity) < (rank.get(from) ?? -1), `${what} points down`);
      t.ok(to === "gen" || basename(target) === "index.ts", `${what} goes through the door`);
    }
  }
});

t.test("what runs in production does not import the test kit", async (t) => {
  t.notOk(importsOf(join(runtime, "index.ts")).some((specifier) => specifier.includes("testing")));
});

t.test("packages import only from packages below them", async (t) => {
  for (const [index, name] of packages.entries()) {
    const above = packages.slice(index + 1).map((other) => packageNames[other]);
    for (const file of sources(join(root, name, "src"))) {
      const wrong = importsOf(file).filter((specifier) =>
        above.some((other) => specifier === other || specifier.startsWith(`${other}/`)),
      );
      t.same(wrong, [], relative(root, file));
    }
  }
});

t.test("no source file is longer than 300 lines", async (t) => {
  for (const file of packages.flatMap((name) => sources(join(root, name, "src")))) {
    if (file.includes("/gen/")) continue;
    t.ok(readFileSync(file, "utf8").split("\n").length <= 300, relative(root, file));
  }
});
