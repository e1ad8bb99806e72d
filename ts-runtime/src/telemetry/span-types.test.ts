import { readFile } from "node:fs/promises";
import { SpanKind } from "@opentelemetry/api";
import t from "tap";
import { spanTypes } from "./span-types.ts";

const read = (): Promise<string> =>
  readFile(new URL("../../../docs/reference/traces.md", import.meta.url), "utf8");

t.test("docs/reference/traces.md has each span as it is, and no other", async (t) => {
  const page = await read();
  const rows = page
    .slice(page.indexOf("| span |"), page.indexOf("## Attributes"))
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()));
  t.same(
    rows,
    Object.values(spanTypes).map(({ name, kind, attributes, description }) => [
      `\`${name}\``,
      SpanKind[kind],
      attributes.map((attribute) => `\`${attribute}\``).join(" "),
      description,
    ]),
  );
});

t.test("each attribute of a span is told on the page", async (t) => {
  const page = await read();
  const told = page.slice(page.indexOf("## Attributes"));
  for (const name of new Set(Object.values(spanTypes).flatMap(({ attributes }) => attributes)))
    t.match(told, `\`${name}\``);
});
