// The reference pages are complete: what the code takes is on the page.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { root } from "./pages.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const optionsFile = read("ts-runtime/src/host/options.ts");

/** First cells of the tables of a page, without code marks. */
function tableNames(path: string): readonly string[] {
  return [...read(path).matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name);
}

t.test("start-service.md has each option of ServiceOptions, and no other", async (t) => {
  const [, body = ""] = /export interface ServiceOptions \{(.*?)\n\}/s.exec(optionsFile) ?? [];
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name = ""]) => name);
  const [, listed = ""] = /## Options\n(.*?)\n## /s.exec(read("docs/reference/start-service.md")) ?? [];
  t.ok(options.length > 10);
  t.same([...listed.matchAll(/^\| `(\w+)`/gm)].map(([, name = ""]) => name).sort(), options.sort());
});

t.test("environment.md has each variable that a service reads, and no other", async (t) => {
  const files = [optionsFile, read("registry/src/options.ts")];
  const variables = files.flatMap((text) =>
    [...text.matchAll(/environment\["(\w+)"\]/g)].map(([, name = ""]) => name),
  );
  t.ok(variables.includes("DATABASE_URL"));
  t.same([...tableNames("docs/reference/environment.md")].sort(), [...new Set(variables)].sort());
});
