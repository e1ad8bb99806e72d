// What `samspel dev` serves as the dashboard's pages: built when asked for, whole, small, and free of what a strict
// Content-Security-Policy refuses.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import t from "tap";
import { dashboardAssets } from "../../devkit/src/dashboard-assets/index.ts";

/** What a browser has to load before the first page shows. */
const maxGzipBytes = 96 * 1024;

t.test("dashboardAssets() builds the pages in the repository, and all that they load is there", async (t) => {
  const folder = await dashboardAssets();
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const loaded = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  t.equal(loaded.length, 3);
  for (const path of loaded) {
    t.match(path, /^\/\w+-[A-Z0-9]{8}\.(js|css|svg)$/, "with a hash of its content, and from here");
    t.ok(readdirSync(folder).includes(path.slice(1)), path);
  }
});

t.test("the pages are small, and nothing of them stands inline", async (t) => {
  const folder = await dashboardAssets();
  const page = readFileSync(join(folder, "index.html"), "utf8");
  t.notMatch(page, /<style|style="|<script(?![^>]* src=)| on\w+="/);
  const bytes = [...page.matchAll(/(?:src|href)="\/([^"]+)"/g)]
    .map(([, name = ""]) => gzipSync(readFileSync(join(folder, name))).length)
    .reduce((sum, size) => sum + size, 0);
  t.comment(`${bytes} bytes, gzipped`);
  t.ok(bytes < maxGzipBytes, `${bytes} bytes`);
});
