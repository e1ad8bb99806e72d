// `samspel generate`: code, lint, what breaks callers, and the services' own scripts.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import t, { type Test } from "tap";
import { jsonLines, samspelHere } from "./run-cli.ts";

const proto = (field: string): string => `syntax = "proto3";
package stock.v1;
service StockService { rpc Find(FindRequest) returns (FindResponse); }
message FindRequest { ${field} }
message FindResponse {}
`;

/** A project in git, with a service that generates by itself. */
function projectOf(t: Test): string {
  const dir = t.testdir({
    "samspel.json": JSON.stringify({ name: "shop", services: { stock: { command: ["node", "x"] } } }),
    "buf.yaml":
      "version: v2\nmodules:\n  - path: proto\nlint:\n  use: [STANDARD]\nbreaking:\n  use: [FILE]\n",
    "buf.gen.yaml":
      "version: v2\nclean: true\nplugins:\n  - local: protoc-gen-es\n    out: gen\ninputs:\n  - directory: proto\n",
    proto: { stock: { v1: { "stock.proto": proto("string sku = 1;") } } },
    stock: { "generate.sh": 'cd "$(dirname "$0")"; echo done > generated\n' },
  });
  const git = (...args: readonly string[]): void =>
    void execFileSync("git", ["-C", dir, "-c", "user.name=x", "-c", "user.email=x@example.org", ...args]);
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "first");
  return dir;
}

t.test("samspel generate makes the code of proto files, and runs the services' own scripts", async (t) => {
  const dir = projectOf(t);
  const ended = await samspelHere(["generate", "--project", dir, "--json"], {});
  t.equal(ended.code, 0, ended.out);
  t.match(jsonLines(ended), [
    { part: "buf lint", type: "done" },
    { part: "buf breaking", type: "done" },
    { part: "buf generate", type: "done" },
    { part: "stock/generate.sh", type: "done" },
  ]);
  t.ok(existsSync(join(dir, "gen/stock/v1/stock_pb.js")));
  t.ok(existsSync(join(dir, "stock/generated")));
});

t.test(
  "samspel generate says what lint dislikes and what breaks callers, and generates all the same",
  async (t) => {
    const dir = projectOf(t);
    await writeFile(join(dir, "proto/stock/v1/stock.proto"), proto("int32 Sku = 1;"));
    const ended = await samspelHere(["generate", "--project", dir, "--json"], {});
    t.equal(ended.code, 1);
    t.match(jsonLines(ended), [
      { part: "buf lint", type: "failed", text: /Field name "Sku" should be lower_snake_case/ },
      { part: "buf breaking", type: "failed", text: /Field "1".* changed/ },
      { part: "buf generate", type: "done" },
      { part: "stock/generate.sh", type: "done" },
    ]);
    const without = await samspelHere(["generate", "--project", dir, "--no-lint", "--no-breaking"], {});
    t.match(without, { code: 0, err: /^✔ buf generate: done/ });
  },
);

t.test("samspel generate names what cannot be compared, and where there is no project", async (t) => {
  const dir = projectOf(t);
  const ended = await samspelHere(
    ["generate", "--project", dir, "--against", "v9", "--no-lint", "--json"],
    {},
  );
  t.match(jsonLines(ended), [{ part: "buf breaking", type: "skipped", text: "git does not know v9 here" }]);
  t.match(await samspelHere(["generate", "--project", t.testdirName + "-none"], {}), {
    code: 2,
    err: /samspel\.json/,
  });
});
