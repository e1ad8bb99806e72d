// The Python guide shows the example's own code.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";

const root = join(import.meta.dirname, "../../..");
const guide = readFileSync(join(root, "docs/guides/python.md"), "utf8");

t.test("each snippet of the Python guide stands in the file that it names", async (t) => {
  const snippets = [...guide.matchAll(/```python\n# (\S+)\n([\s\S]*?)```/g)];
  t.equal(snippets.length, guide.split("```python").length - 1, "each names a file");
  t.ok(snippets.length > 5);
  for (const [, path = "", code = ""] of snippets) {
    t.ok(readFileSync(join(root, path), "utf8").includes(code), `${path}: ${code.split("\n")[0]}`);
  }
});
