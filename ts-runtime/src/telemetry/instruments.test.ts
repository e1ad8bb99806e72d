import { readFile } from "node:fs/promises";
import t from "tap";
import { instruments } from "./instruments.ts";

t.test("docs/reference/metrics.md has each instrument as it is, and no other", async (t) => {
  const page = await readFile(new URL("../../../docs/reference/metrics.md", import.meta.url), "utf8");
  const rows = page
    .split("\n")
    .filter((line) => line.startsWith("| `samspel."))
    .map((line) => line.split("|").slice(1, -1))
    .map((cells) => cells.map((cell) => cell.replaceAll("`", "").trim()));
  t.same(
    rows,
    Object.entries(instruments).map(([name, { kind, unit, attributes, description }]) => [
      name,
      kind,
      unit,
      attributes.join(" ") || "–",
      description,
    ]),
  );
});

t.test("each attribute of an instrument is told on the page", async (t) => {
  const page = await readFile(new URL("../../../docs/reference/metrics.md", import.meta.url), "utf8");
  const told = page.slice(page.indexOf("## Attributes"));
  for (const name of new Set(Object.values(instruments).flatMap(({ attributes }) => attributes))) {
    if (name !== "samspel.entity.type") t.match(told, `\`${name}\``);
  }
});
