// docs/guides/tour.md, walked as a new user does: from nothing to a system of two languages that is changed while it
// runs, called from the dashboard, and looked into.
import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import t from "tap";
import { createVisitor, raiseCurtain } from "../../browser/stage.ts";
import { root } from "../../docs/pages.ts";
import { until } from "../../support/until.ts";
import { callOrders, untilAnswer, visitShop } from "./customers.ts";
import { addBelow, largestOrder, openAnswer, openField, replaceLine } from "./edits.ts";
import { newUser, patienceMs, type RunningCommand } from "./new-user.ts";
import { pictureOf, pictureOfTerminal, pictureSize, updatePictures } from "./pictures.ts";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

// As the page has them.
const typed = {
  make: "npx samspel new shop",
  enter: "cd shop",
  start: "npm start",
  test: "npm test",
  place: `npx samspel call OrderService/PlaceOrder '{"orderId": "1", "item": "tea", "quantity": 2}'`,
  add: "npx samspel new service shipping --lang go",
} as const;

interface Started {
  readonly running: RunningCommand;
  /** What stands there when all is ready. */
  readonly screen: readonly string[];
  readonly ordersUrl: string;
  readonly dashboardUrl: string;
}

const browser = await raiseCurtain(t);

t.test("the tour", async (t) => {
  const user = await newUser(t);
  // Ports follow from the name, and others may walk beside.
  const name = updatePictures ? "shop" : `shop-${randomBytes(3).toString("hex")}`;
  const shop = join(user.folder, name);
  const hasGo = await user.run("go version").then(
    () => true,
    () => false,
  );

  async function start(): Promise<Started> {
    const startedAt = performance.now();
    const running = await user.start(`${typed.start} --silent`, name);
    const screen = await running.wrote("Ctrl-C stops everything");
    t.comment(`npm start: ready after ${seconds(performance.now() - startedAt)}`);
    const text = stripVTControlCharacters(screen.join("\n"));
    const address = (pattern: RegExp): string => {
      const [, url] = pattern.exec(text) ?? [];
      if (url === undefined) throw new Error(`The screen has no ${pattern}:\n${text}`);
      return url;
    };
    return {
      running,
      screen,
      ordersUrl: address(/^ {2}orders +TypeScript .*(http:\S+)$/m),
      dashboardUrl: address(/^ {2}dashboard +(http:\S+)$/m),
    };
  }

  await t.test("npx samspel new makes a project of the packages alone", async (t) => {
    // While they are not published: as npm would deliver them.
    const packages = join(user.folder, "packages");
    await mkdir(packages);
    await user.run("npx tsc -b registry ts-runtime devkit", root);
    await user.run(`npm pack --silent --pack-destination ${packages} ./registry ./ts-runtime ./devkit`, root);
    await writeFile(join(user.folder, "package.json"), '{ "private": true }');
    // `new` does without what is optional, such as the binaries of Postgres.
    await user.run("npm install --omit=optional --no-audit --no-fund --loglevel=error ./packages/*.tgz");
    const made = await user.run(`${typed.make.replace("shop", name)} --packages packages`);
    for (const next of [typed.enter.replace("shop", name), typed.test, typed.start])
      t.match(made, new RegExp(`^  ${next}$`, "m"), "it says how to go on");
  });

  const system = await start();
  pictureOfTerminal(t, "start", typed.start, system.screen);

  await t.test("npm test passes, and an order is placed from the command line", async (t) => {
    t.match(await user.run(typed.test, name), /pass 4\n/);
    t.match(await user.run(typed.place, name), /^\{\}$/m);
  });

  await t.test("a handler that is saved serves at once, and no call fails", async (t) => {
    const { ordersUrl, running } = system;
    const large = { orderId: "large", item: "tea", quantity: 101 };
    t.same(await callOrders(ordersUrl, "PlaceOrder", large), {});
    const visit = visitShop(t, ordersUrl, "large");
    const from = running.lines.length;
    await addBelow(join(shop, "orders/order.ts"), 'if (item === "")', largestOrder);
    const tookMs = await untilAnswer(ordersUrl, "PlaceOrder", large, "quantity must be 100 or less");
    await running.wrote("orders is ready again", from);
    const { calls, failed } = await visit.stop();
    t.comment(`a saved handler served after ${seconds(tookMs)}; ${calls} calls meanwhile`);
    t.same(failed, []);
    t.ok(calls > 0);
  });

  await t.test("a proto file that is saved is generated, and its new field is served", async (t) => {
    const { ordersUrl, running } = system;
    const visit = visitShop(t, ordersUrl, "large");
    const from = running.lines.length;
    await addBelow(join(shop, "proto/orders/v1/orders.proto"), "bool cancelled = 3;", openField);
    await replaceLine(join(shop, "orders/order.ts"), "return { item: order.item", openAnswer);
    const tookMs = await untilAnswer(ordersUrl, "GetOrder", { orderId: "large" }, '"open":true');
    await running.wrote("orders is ready again", from);
    const { failed } = await visit.stop();
    t.comment(`a saved proto file served after ${seconds(tookMs)}`);
    t.same(failed, []);
    const later = running.lines.slice(system.screen.length);
    const plain = later.map(stripVTControlCharacters);
    t.same(new Set(plain.filter((line) => /^orders +│/.test(line)).map((line) => line.indexOf("│"))).size, 1);
    const said = later.filter((_, index) => /^[↻✔]/u.test(plain[index] ?? ""));
    pictureOfTerminal(t, "edit", typed.start, ["…", ...said]);
    t.match(await user.run(typed.test, name), /pass 4\n/, "the types fit");
  });

  await t.test("services in TypeScript and Go are added", async (t) => {
    await user.run("npx samspel new service gift-cards", name);
    // Its library is not published.
    if (hasGo) await user.run(`${typed.add} --repository ${root}`, name);
    // The run goes on, and takes them up.
    await system.running.wrote("gift-cards is ready");
    if (hasGo) await system.running.wrote("shipping is ready");
    const hello = await user.run(`npx samspel call GiftCardsService/Hello '{"name": "Ada"}'`, name);
    t.match(hello, /^\{"text":"Hello, Ada!"\}$/m);
  });

  const { open, complaints } = createVisitor(t, browser, system.dashboardUrl);

  await t.test("the dashboard shows the services, and what they answer", async (t) => {
    const visit = visitShop(t, system.ordersUrl, "large");
    const page = await open("/system", pictureSize);
    await page.getByText(`All ${hasGo ? 3 : 2} services are well.`).waitFor();
    await until(
      "the map knows of calls",
      async () => (await page.locator(".sparkline polyline").count()) > 0,
      patienceMs,
    );
    await visit.stop();
    await pictureOf(t, page, "system");
    if (!hasGo) return;
    await page.getByRole("link", { name: "shipping", exact: true }).first().click();
    await page.getByRole("link", { name: "Call it" }).click();
    await page.getByRole("link", { name: "Hello" }).click();
    await page.getByLabel("name", { exact: true }).fill("new colleague");
    await page.keyboard.press("Control+Enter");
    await page.getByRole("region", { name: "Response" }).getByText("Hello, new colleague!").waitFor();
    await pictureOf(t, page, "go");
  });

  await t.test("a call from the dashboard leads to its trace, and to the history of the order", async (t) => {
    const page = await open("/api?method=orders.v1.OrderService/PlaceOrder", pictureSize);
    await page.getByLabel("orderId").fill("order-7");
    await page.getByLabel("item").fill("tea");
    await page.getByLabel("quantity").fill("3");
    await page.keyboard.press("Control+Enter");
    const response = page.getByRole("region", { name: "Response" });
    await response.getByText("OK", { exact: true }).waitFor();
    await pictureOf(t, page, "call");

    await response.getByRole("link", { name: "Its trace" }).click();
    // What came of it goes on after the answer.
    await page.getByRole("button", { name: /open-orders/ }).waitFor({ timeout: patienceMs });
    await page
      .getByRole("button", { name: /OrderTopics/ })
      .first()
      .waitFor({ timeout: patienceMs });
    await pictureOf(t, page, "trace");

    await page.goto(`${system.dashboardUrl}/entities?service=orders&type=order&id=order-7`);
    await page.getByText("now, revision 1").waitFor();
    await page.getByRole("button", { name: "CancelOrder" }).click();
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.getByText("now, revision 2").waitFor();
    t.match(await callOrders(system.ordersUrl, "GetOrder", { orderId: "order-7" }), { cancelled: true });
    await page.getByRole("slider", { name: "Revision" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("heading", { name: "State at revision 1" }).waitFor();
    await page.getByRole("list", { name: "Changes" }).getByText("quantity").waitFor();
    await pictureOf(t, page, "history");
    t.same(complaints, []);
  });

  await t.test("Ctrl-C ends all", async (t) => {
    await system.running.interrupt();
    t.match(stripVTControlCharacters(system.running.lines.join("\n")), /^stopped \(/m);
    await t.rejects(fetch(system.ordersUrl));
    await t.rejects(fetch(system.dashboardUrl));
  });
});
