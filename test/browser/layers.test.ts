// The dashboard's pages keep the same order as the runtime: a folder imports only from folders below it, through their
// doors; a file is one concept.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import t from "tap";

const sources = join(import.meta.dirname, "../../dashboard/src");

/** Lowest first; folders on one line may not import each other. */
const layers: ReadonlyArray<ReadonlyArray<string>> = [
  ["format", "router"],
  ["api"],
  ["ui"],
  ["pages/api", "pages/background", "pages/logs"],
  [
    "pages/configuration",
    "pages/entities",
    "pages/projections",
    "pages/system",
    "pages/tells",
    "pages/topics",
    "pages/traces",
  ],
  ["shell"],
];
const rank = new Map(layers.flatMap((names, index) => names.map((name) => [name, index] as const)));

function files(): readonly string[] {
  return readdirSync(sources, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(sources, name));
}

t.test("imports of the pages point down, through the door", async (t) => {
  const folders = new Set(files().map((file) => relative(sources, dirname(file))));
  folders.delete("");
  t.same([...folders].sort(), [...rank.keys()].sort(), "each folder has a layer");
  for (const file of files()) {
    const from = relative(sources, dirname(file));
    if (from === "") continue;
    for (const [, specifier = ""] of readFileSync(file, "utf8").matchAll(/from "(\.[^"]+)"/g)) {
      const target = join(dirname(file), specifier);
      const to = relative(sources, dirname(target));
      if (from === to) continue;
      const what = `${relative(sources, file)} -> ${specifier}`;
      t.ok((rank.get(to) ?? Infinity) < (rank.get(from) ?? -1), `${what} points down`);
      t.equal(basename(target), "index.ts", `${what} goes through the door`);
    }
  }
});

t.test("no file of the pages is longer than 300 lines", async (t) => {
  for (const file of files())
    t.ok(readFileSync(file, "utf8").split("\n").length <= 300, relative(sources, file));
});
