// What the pages show is real. A block of code says by a comment on the line before what it is:
//
//   <!-- file: examples/… -->     it stands in that file, indentation aside; a line `…` (also `// …`) leaves some out
//   <!-- compile -->              it is checked by its language's compiler
//   <!-- run -->                  shell: test/e2e/docs.test.ts runs it; a text block with <!-- output --> follows
//   <!-- covered by: test/… -->   shell: that file does the same, and has the command in it
//   <!-- npm scripts -->          shell: scripts of package.json, and the way to the checkout
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { commandsOf, parsePage, readPages, root, type Block } from "./pages.ts";

const run = promisify(execFile);

/** Languages that need no proof. */
const free = new Set(["", "text", "mermaid"]);
const kinds: Readonly<Record<string, readonly string[]>> = {
  ts: ["file", "compile"],
  proto: ["file"],
  rust: ["file"],
  python: ["file", "compile"],
  go: ["file"],
  json: ["file", "compile"],
  yaml: ["file"],
  java: ["file"],
  xml: ["file"],
  sh: ["run", "covered by", "npm scripts"],
};

/** What is wrong with a block's language or marker, if anything. */
function objection({ language, marker, at }: Block): string | undefined {
  if (free.has(language)) return undefined;
  const allowed = kinds[language];
  if (allowed === undefined)
    return `${at}: "${language}" is none of ${[...free, ...Object.keys(kinds)].join(", ")}`;
  if (marker !== undefined && allowed.includes(marker.kind)) return undefined;
  return `${at}: a ${language} block needs a comment before it: ${allowed.join(" or ")}`;
}

/** The first line of the block that the file does not have in its place; undefined where it stands there whole. */
function missingIn(file: string, { lines, at, marker }: Block): string | undefined {
  const text = normalize(file.split("\n"));
  let from = 0;
  for (const part of partsOf(lines)) {
    const found = text.indexOf(part, from);
    if (found === -1) return `${at}: not in ${marker?.value}, or not in this order:\n${part}`;
    from = found + part.length;
  }
  return undefined;
}

const normalize = (lines: readonly string[]): string => `\n${lines.map((line) => line.trim()).join("\n")}\n`;

function partsOf(lines: readonly string[]): readonly string[] {
  const parts: string[][] = [[]];
  for (const line of lines) {
    if (/^\s*(\/\/|#)?\s*…$/.test(line)) parts.push([]);
    else parts.at(-1)?.push(line);
  }
  return parts
    .map((part) => normalize(part))
    .filter((part) => part.trim() !== "")
    .map((part) => part.replaceAll(/^\n+|\n+$/g, "\n"));
}

const blocks = readPages()
  .filter(({ path }) => path.startsWith("docs/") || !path.includes("/"))
  .flatMap((page) => page.blocks);
const marked = (kind: string): readonly Block[] => blocks.filter(({ marker }) => marker?.kind === kind);

t.test("each block is of a known language and says what proves it", async (t) => {
  t.same(
    blocks.map(objection).filter((found) => found !== undefined),
    [],
  );
});

t.test("blocks of a file stand in that file", async (t) => {
  const found = marked("file").map((block) => {
    const path = join(root, block.marker?.value ?? "");
    return existsSync(path)
      ? missingIn(readFileSync(path, "utf8"), block)
      : `${block.at}: no file ${block.marker?.value}`;
  });
  t.ok(found.length > 0);
  t.same(
    found.filter((problem) => problem !== undefined),
    [],
  );
});

t.test("commands that a test covers are in that test", async (t) => {
  const found = marked("covered by").flatMap((block) => {
    const path = join(root, block.marker?.value ?? "");
    if (!existsSync(path)) return [`${block.at}: no file ${block.marker?.value}`];
    const text = readFileSync(path, "utf8");
    return commandsOf(block)
      .filter((command) => !text.includes(command))
      .map((command) => `${block.at}: ${command}`);
  });
  t.same(found, []);
});

t.test("npm scripts are in package.json", async (t) => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
  const found = marked("npm scripts").flatMap((block) =>
    commandsOf(block)
      .filter((command) => {
        const script = /^npm (?:run )?([a-z:]+)(?: -- .+)?$/.exec(command)?.[1];
        return script === undefined ? !/^(git clone|cd) /.test(command) : !(script in scripts);
      })
      .map((command) => `${block.at}: ${command}`),
  );
  t.same(found, []);
});

t.test("TypeScript blocks compile", async (t) => {
  const compiled = marked("compile").filter(({ language }) => language === "ts");
  t.same(await compile(t, compiled), []);
});

t.test("a block that does not compile is found, by its page and line", async (t) => {
  const { blocks } = parsePage("docs/a.md", '<!-- compile -->\n```ts\nexport const one: number = "1";\n```');
  const [error = ""] = await compile(t, blocks);
  t.match(error, /^docs\/a\.md:2: line 1: .*not assignable/);
});

t.test("Python and JSON blocks parse", async () => {
  for (const { language, lines, at } of marked("compile")) {
    const text = lines.join("\n");
    if (language === "json") JSON.parse(text);
    if (language === "python")
      await run("python3", ["-c", "import ast, sys; ast.parse(*sys.argv[1:])", text, at]);
  }
});

t.test("a block without a marker, of another text, or of a foreign language is found", async (t) => {
  const text = "```ts\n1\n```\n<!-- file: x -->\n```ts\nb\n…\na\n```\n```cobol\n```";
  const { blocks } = parsePage("docs/a.md", text);
  const [unmarked, ofFile, foreign] = blocks;
  t.match(unmarked && objection(unmarked), "needs a comment before it: file or compile");
  t.match(ofFile && missingIn("a\nb", ofFile), "not in x, or not in this order");
  t.equal(ofFile && missingIn("  b\nc\n  a", ofFile), undefined);
  t.match(foreign && objection(foreign), '"cobol" is none of');
});

/** Compiles blocks as files of a folder beside `cart/` of the example, so that `../gen/…` and `../cart/…` are there. */
async function compile(t: Test, blocks: readonly Block[]): Promise<readonly string[]> {
  const stateDir = join(root, "examples/shopping-cart/.samspel");
  await mkdir(stateDir, { recursive: true });
  const folder = await mkdtemp(join(stateDir, "snippets-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const example = join(root, "examples/shopping-cart");
  const config = {
    extends: join(root, "test/tsconfig.json"),
    compilerOptions: {
      incremental: false,
      tsBuildInfoFile: null,
      noUnusedLocals: false,
      // The blocks are read as if their folder stood in the example's.
      rootDir: root,
      rootDirs: [stateDir, example],
    },
    include: ["*.ts", join(root, "types")],
    references: [],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  await Promise.all(
    blocks.map(({ lines }, index) =>
      writeFile(join(folder, `snippet-${index}.ts`), `${lines.join("\n")}\nexport {};\n`),
    ),
  );
  // The compiler does not bear the module hooks that tap gives to each Node below it.
  const command = [
    "-u",
    "NODE_OPTIONS",
    join(root, "node_modules/.bin/tsc"),
    "-p",
    folder,
    "--pretty",
    "false",
  ];
  const output = await run("env", command, { cwd: folder }).then(
    () => "",
    (error: Error & { stdout: string }) => error.stdout || error.message,
  );
  return output
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) =>
      line.replace(
        /^.*?snippet-(\d+)\.ts\((\d+),\d+\)/,
        (_, index: string, at: string) => `${blocks[Number(index)]?.at}: line ${at}`,
      ),
    );
}
