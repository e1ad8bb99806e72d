// Links between the pages, and to files of the checkout, lead somewhere.
import { existsSync } from "node:fs";
import { join, posix } from "node:path";
import t from "tap";
import { parsePage, readPages, root, type Page } from "./pages.ts";

/** The links of a page that lead nowhere. */
function broken(page: Page, pages: ReadonlyMap<string, Page>, exists: (path: string) => boolean): string[] {
  return page.links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [file = "", anchor] = decodeURI(link).split("#");
      const target = file === "" ? page.path : posix.join(posix.dirname(page.path), file);
      if (!exists(target)) return true;
      const anchors = pages.get(target)?.anchors;
      return anchor !== undefined && anchors !== undefined && !anchors.has(anchor);
    })
    .map((link) => `${page.path}: ${link}`);
}

t.test("links lead to files and headings that are there", async (t) => {
  const pages = new Map(readPages().map((page) => [page.path, page]));
  const found = [...pages.values()].flatMap((page) =>
    broken(page, pages, (path) => existsSync(join(root, path))),
  );
  t.same(found, []);
});

t.test("a link to a missing file or heading is found", async (t) => {
  const page = parsePage(
    "docs/a.md",
    "# One\n## One\n[x](b.md) [y](#one-1) [z](#two) [w](https://example.com) `[q](r.md)`",
  );
  const found = broken(page, new Map([[page.path, page]]), (path) => path === "docs/a.md");
  t.same(found, ["docs/a.md: b.md", "docs/a.md: #two"]);
});
