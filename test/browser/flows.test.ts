// What people do with the dashboard, in a real browser.
import t from "tap";
import { crowdAt, buildProblem, shopAt } from "./fake/shop.ts";
import { startFakeDashboard } from "./fake/server.ts";
import { callTraceId, traceIdOf } from "./fake/traces.ts";
import { patienceMs, raiseCurtain, setStage } from "./stage.ts";
import { until } from "../support/until.ts";
import { dashboardAssets } from "../../devkit/src/dashboard-assets/index.ts";

t.setTimeout(patienceMs * 15);
const browser = await raiseCurtain(t);

t.test("a call goes from a form to its answer and on to its trace", async (t) => {
  const { open, complaints } = await setStage(t, browser);
  const page = await open("/api?method=cart.v1.CartService/AddItem");
  await page.getByLabel("cartId").fill("cart-new");
  await page.getByLabel("sku").fill("apple");
  await page.getByLabel("quantity").fill("0");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("INVALID_ARGUMENT").waitFor();
  await page.getByText("quantity must be at least 1").waitFor();

  await page.getByLabel("quantity").fill("3");
  await page.keyboard.press("Control+Enter");
  const response = page.getByRole("region", { name: "Response" });
  await response.getByText("OK", { exact: true }).waitFor();
  await response.getByText("apple").waitFor();

  await page.getByRole("button", { name: "JSON" }).click();
  t.same(JSON.parse(await page.getByLabel("Request in JSON").inputValue()), {
    cartId: "cart-new",
    sku: "apple",
    quantity: 3,
  });
  await page.getByRole("button", { name: "grpcurl" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  t.equal(
    await page.evaluate(() => navigator.clipboard.readText()),
    `grpcurl -plaintext -d '{"cartId":"cart-new","sku":"apple","quantity":3}' 127.0.0.1:52010 cart.v1.CartService/AddItem`,
  );

  await response.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("heading", { name: "POST /v1/carts/{cart_id}/checkout" }).waitFor();
  t.match(page.url(), `/traces?trace=${callTraceId}`);
  await page.getByRole("button", { name: /popular-items.*projection/ }).click();
  await page.getByText("samspel.projection").waitFor();
  t.match(page.url(), "span=", "a span has an address");
  await page.goBack();
  await page.getByLabel("Request in JSON").or(page.getByLabel("cartId")).first().waitFor();
  t.same(complaints, []);
});

t.test("a stream shows its answers as they come, until it is stopped", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/api?method=popular.v1.PopularItemsService/WatchPopularItems");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText(/[3-9] answers/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("You stopped it.").waitFor();
});

t.test("a request is saved, and there again after a reload", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/api?method=inventory.v1.InventoryService/Reserve");
  await page.getByLabel("cartId").fill("cart-7");
  await page.getByRole("button", { name: "+ one more" }).click();
  await page.getByLabel("Request items key 1").fill("pear");
  await page.getByLabel("Request items pear", { exact: true }).fill("2");
  await page.getByLabel("Name for this request").fill("two pears");
  await page.keyboard.press("Enter");
  await page.getByLabel("cartId").fill("another");
  await page.reload();
  t.equal(await page.getByLabel("cartId").inputValue(), "another", "what was written last is kept");
  await page.getByRole("button", { name: "two pears", exact: true }).click();
  t.equal(await page.getByLabel("cartId").inputValue(), "cart-7");
  t.equal(await page.getByLabel("Request items pear", { exact: true }).inputValue(), "2");
});

t.test("a history is walked through time, and a command adds to it", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/entities?service=cart&type=cart&id=cart-11");
  await page.getByText("now, revision 1").waitFor();
  await page.getByRole("button", { name: "AddItem" }).click();
  await page.getByLabel("sku").fill("cheese");
  await page.getByLabel("quantity").fill("4");
  t.equal(await page.getByLabel("cartId").inputValue(), "cart-11", "the command is for this entity");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("now, revision 2").waitFor();
  const changes = page.getByRole("list", { name: "Changes" });
  await changes.getByText("items.cheese").waitFor();

  await page.getByRole("slider", { name: "Revision" }).focus();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("heading", { name: "State at revision 1" }).waitFor();
  t.match(page.url(), "revision=1");
  await page.keyboard.press("ArrowLeft");
  await page.getByText("before the first event").waitFor();
});

t.test("a long history shows any part of itself", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/entities?service=cart&type=cart&id=cart-long&revision=700");
  await page.getByRole("button", { name: /^700 itemAdded/ }).waitFor();
  await page.getByRole("button", { name: "Now" }).click();
  await page.getByRole("button", { name: /^2000 itemAdded/ }).waitFor();
});

t.test("a dead letter is looked at, replayed and dropped", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/topics?topic=cart.v1.CartTopics.CheckedOut");
  await page
    .getByRole("button", { name: /cart-101/ })
    .first()
    .click();
  await page.getByText("apple").first().waitFor();
  await page.getByRole("button", { name: "Replay", exact: true }).first().click();
  await page.getByText("Replayed").waitFor();
  await page.getByRole("button", { name: "Replay all 2" }).waitFor();

  await page.getByRole("button", { name: "Replay all 2" }).click();
  await page.getByText("1 failed again").waitFor();
  await page.getByRole("button", { name: "Replay all 1" }).waitFor();

  const drop = page.getByRole("button", { name: "Drop cart-103" });
  await drop.click();
  t.equal(
    (await page.getByRole("button", { name: /cart-103/ }).count()) > 0,
    true,
    "one press drops nothing",
  );
  await page.getByRole("button", { name: "Drop it for good" }).click();
  await page.getByRole("heading", { name: "Dead letters" }).waitFor({ state: "detached" });
});

t.test("a subscription and a projection are paused and go on", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/topics?topic=cart.v1.CartTopics.CheckedOut");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("paused", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("running").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("paused", { exact: true }).waitFor();
  await page.getByRole("button", { name: /2 events that it could not apply/ }).click();
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByRole("link", { name: "cart cart-17, revision 1" }).waitFor({ state: "detached" });
});

t.test("the page of a topic shows its messages as they come", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/topics?topic=cart.v1.CartTopics.CheckedOut");
  await page.getByText('cartId: "cart-3"').first().waitFor();
});

t.test("logs lead to their trace, and are filtered by address", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/logs?service=shipping&level=warn");
  await page
    .getByRole("button", { name: /the driver does not answer/ })
    .last()
    .waitFor();
  t.equal(await page.getByRole("button", { name: /checked out/ }).count(), 0);
  await page.getByLabel("Service").selectOption("cart");
  await page.getByLabel("Level").selectOption("");
  await page
    .getByRole("button", { name: /added 2 apple/ })
    .last()
    .click();
  await page.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("heading", { name: /checkout/ }).waitFor();
});

t.test("a service is stopped after a second press, and a problem shows until it is mended", async (t) => {
  const { open, fake } = await setStage(t, browser, { turnMs: 100 });
  const page = await open("/system?service=shipping");
  await page.getByRole("button", { name: "Restart" }).click();
  await page.getByText("shipping starts anew").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByRole("button", { name: "Stop shipping" }).click();
  await page.getByRole("button", { name: "Start" }).waitFor();
  t.same(fake.controlled, ["restart shipping", "stop shipping"]);

  fake.show((turn) => ({ ...shopAt(turn), problems: [buildProblem] }));
  await page.getByText("undefined: dispatchd").first().waitFor();
  fake.show(shopAt);
  await page.getByText("undefined: dispatchd").first().waitFor({ state: "detached" });
});

t.test("the palette finds a method by some letters, and keys lead to pages", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/system");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").fill("cart get");
  await page.getByRole("option", { name: /GetCart/ }).waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("article", { name: "cart.v1.CartService/GetCart" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("t");
  await page.getByRole("heading", { name: "Traces" }).waitFor();
  await page.locator("main [data-row]").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText("Logs of this trace").waitFor();
  t.match(page.url(), traceIdOf(0));
});

t.test("a restart of the server needs no reload", async (t) => {
  const { open, fake } = await setStage(t, browser, { turnMs: 100 });
  const page = await open("/system");
  await fake.close();
  await page.getByText(/Nothing new comes/).waitFor();
  await page.getByRole("link", { name: "cart", exact: true }).first().waitFor();
  const again = await startFakeDashboard({
    assets: await dashboardAssets(),
    port: fake.port,
    system: (turn) => ({ ...shopAt(turn), name: "the next run" }),
  });
  t.teardown(() => again.close());
  await page.getByRole("heading", { name: "the next run" }).waitFor();
  await page.getByText(/Nothing new comes/).waitFor({ state: "detached" });
});

t.test("a page that nobody looks at holds no stream, and goes on when it is looked at again", async (t) => {
  const { open, fake } = await setStage(t, browser);
  const page = await open("/system");
  await page.getByText("All 6 services are well.").waitFor();
  const look = (hidden: boolean): Promise<void> =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  t.equal(fake.watchers(), 1);
  await look(true);
  await until("nobody watches", () => fake.watchers() === 0);
  fake.show((turn) => ({ ...shopAt(turn), name: "meanwhile" }));
  await look(false);
  await page.getByRole("heading", { name: "meanwhile" }).waitFor();
  t.equal(fake.watchers(), 1);
});

t.test("on a phone, the menu leads to pages, and the list of methods to a method", async (t) => {
  const { open } = await setStage(t, browser);
  const page = await open("/system", { width: 390 });
  await page.getByRole("button", { name: "System" }).click();
  await page.getByRole("navigation").getByRole("link", { name: "API" }).click();
  await page.getByRole("link", { name: "GetCart" }).click();
  await page.getByLabel("cartId").fill("cart-17");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByRole("region", { name: "Response" }).getByText("cheese").waitFor();
  await page.getByRole("link", { name: "All methods" }).click();
  await page.getByRole("link", { name: "AddItem" }).waitFor();
});

t.test("a thousand services: typing, choosing and scrolling take less than 100 ms", async (t) => {
  const { open } = await setStage(t, browser, { system: (turn) => crowdAt(turn) });
  const page = await open("/system");
  await page.getByText("All 1000 services are well.").waitFor();
  const timed = async (name: string, action: string): Promise<void> => {
    // From the input to the frame that shows it.
    const times = await page.evaluate<number[]>(`(async () => {
      const times = [];
      for (let turn = 0; turn < 12; turn++) {
        const started = performance.now();
        (${action})(turn);
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - started);
      }
      return times;
    })()`);
    // The best: each turn does the same, and what the others take longer tells of the machine, which runs other tests.
    const best = Math.min(...times);
    t.comment(`${name}: ${best.toFixed(0)} ms`);
    t.ok(best < 100, `${name}: ${best.toFixed(0)} ms`);
  };
  await timed(
    "typing",
    `(turn) => {
    const input = document.querySelector("[data-filter]");
    input.value = "service-0" + (turn % 5);
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }`,
  );
  await page.getByLabel("Filter services").fill("");
  await timed(
    "scrolling",
    `(turn) => {
    const list = document.querySelector(".service-table");
    list.scrollTop = turn * 4000;
    list.dispatchEvent(new Event("scroll"));
  }`,
  );
  await timed(
    "choosing",
    `(turn) => document.querySelectorAll(".node")[turn % 5].dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }))`,
  );
  t.ok((await page.locator("main *").count()) < 3000, "the document stays small");
});

t.test(
  "the policies in force are told with where they come from, what is refused, and the defaults when asked for",
  async (t) => {
    const { open, complaints } = await setStage(t, browser);
    const page = await open("/configuration?service=cart");
    const policies = page.getByRole("group", { name: "Policies of inventory.v1.InventoryService" });
    await policies.getByText("samspel/policy/inventory.v1.InventoryService").waitFor();
    t.equal(await policies.getByRole("row").count(), 4, "a heading and what is no default");
    await page.getByText('timeout must be a duration such as "0.5s"').waitFor();
    await page.getByLabel("Show defaults, too").check();
    await policies.getByText("waitForReady").waitFor();
    await policies.getByText("instances.preferZone").waitFor();
    await page.getByLabel("Filter settings and methods").fill("bulkhead");
    await policies.getByText("waitForReady").waitFor({ state: "detached" });
    t.equal(await policies.getByRole("row").count(), 2);
    t.same(complaints, []);
  },
);
