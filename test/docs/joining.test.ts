// docs/joining.md and what holds its rules agree.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { allChecks } from "../../devkit/src/join/verify/checks/index.ts";
import { root } from "./pages.ts";

interface Rule {
  readonly level: string;
  readonly heldBy: string;
}

const rules = new Map<string, Rule>();
for (const line of readFileSync(join(root, "docs/joining.md"), "utf8").split("\n")) {
  const [, anchor = "", id = "", level = ""] =
    /^\| <a id="([^"]+)"><\/a>(\S+) \| (\w+) \| .* \|.*\|$/.exec(line) ?? [];
  if (id === "") continue;
  t.equal(anchor, id.toLowerCase(), `the anchor of ${id}`);
  t.notOk(rules.has(id), `${id} is there once`);
  rules.set(id, { level, heldBy: line.split("|").at(-2) ?? "" });
}

t.test("each rule that verify looks at is on the page, with its level", async (t) => {
  t.ok(rules.size > 70);
  for (const { rule, level } of allChecks) {
    t.equal(rules.get(rule)?.level, level.toUpperCase(), rule);
  }
});

t.test("each rule that the page says verify looks at is looked at", async (t) => {
  const looked = new Set(allChecks.map(({ rule }) => rule));
  const said = [...rules].filter(([, { heldBy }]) => heldBy.includes("verify")).map(([id]) => id);
  t.same(
    said.filter((id) => !looked.has(id)),
    [],
  );
});

t.test("the vectors that hold rules are there, and each file holds one", async (t) => {
  const named = new Set([...rules.values()].flatMap(({ heldBy }) => heldBy.match(/\w+\.json/g) ?? []));
  for (const file of named) t.ok(existsSync(join(root, "interop/vectors", file)), file);
  t.equal(named.size, 11);
});

t.test("the scenarios that hold rules are of the suite", async (t) => {
  const suite = readFileSync(join(root, "interop/README.md"), "utf8");
  const named = [...rules.values()].flatMap(({ heldBy }) =>
    [...heldBy.matchAll(/`([a-z][a-z-]*)`/g)].map(([, name = ""]) => name),
  );
  for (const name of new Set(named)) t.match(suite, `| \`${name}\` |`, name);
});
