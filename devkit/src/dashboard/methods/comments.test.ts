import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t from "tap";
import { createComments } from "./comments.ts";

const name = "shop.v1.Shop.Sell";
const shop = (comment: string): string => `syntax = "proto3"; package shop.v1;
  service Shop {
    // ${comment}
    rpc Sell(Order) returns (Order);
  }
  message Order {}`;

t.test("fresh() takes up what changed, and keeps what was there while files do not compile", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "samspel-comments-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "shop.proto");
  const comments = createComments([folder], 0);
  // Each one may be given up after a moment where the machine is busy; the next one goes on with it.
  const untilSaid = async (said: string): Promise<void> => {
    for (let turn = 0; turn < 20 && comments.ofName(name) !== said; turn++) await comments.fresh();
    t.equal(comments.ofName(name), said);
  };
  await comments.fresh();
  t.equal(comments.ofName(name), "", "a folder without files says nothing");
  await writeFile(file, shop("Sells one."));
  await untilSaid("Sells one.");
  await writeFile(file, "this is no proto file");
  await comments.fresh();
  t.equal(comments.ofName(name), "Sells one.");
  await writeFile(file, shop("Sells one or more."));
  await untilSaid("Sells one or more.");
});

t.test("fresh() is no failure where the folder is not there", async (t) => {
  const comments = createComments(["/nowhere/at/all"], 0);
  await comments.fresh();
  t.equal(comments.ofName(name), "");
});
