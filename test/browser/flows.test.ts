// What people do with the dashboard, in a real browser.
import t from "tap";
import { crowdAt, buildProblem, shopAt } from "./fake/shop.ts";
import { startFakeDashboard } from "./fake/server.ts";
import { callTraceId, traceIdOf } from "./fake/traces.ts";
import { createVisitor, patienceMs, raiseCurtain, setStage } from "./stage.ts";
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
  await page.getByRole("button", { name: "Tell", exact: true }).click();
  await page.locator(".send").getByRole("button", { name: "Tell", exact: true }).waitFor();
  await page.getByRole("button", { name: "Ask", exact: true }).click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("now, revision 2").waitFor();
  const changes = page.getByRole("list", { name: "Changes" });
  await changes.getByText("items.cheese").waitFor();

  const slider = page.getByRole("slider", { name: "Revision" });
  await slider.focus();
  const gap = await page.evaluate(() => {
    const label = document.querySelector(".time-label")?.getBoundingClientRect();
    const input = document.querySelector('.time input[type="range"]');
    const { outlineOffset, outlineWidth } = getComputedStyle(input ?? document.body);
    const ring = Number.parseFloat(outlineOffset) + Number.parseFloat(outlineWidth);
    return (input?.getBoundingClientRect().top ?? 0) - ring - (label?.bottom ?? 0);
  });
  t.ok(gap >= 0, `the ring around the slider leaves its label alone: ${gap} pixels`);
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
  const group = page.getByRole("listitem").filter({ hasText: "popular-items of popular-items" });
  await group.getByRole("button", { name: "Pause" }).click();
  await group.getByText("paused", { exact: true }).waitFor();
  await group.getByRole("button", { name: "Resume" }).click();
  await group.getByText("running").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByText("paused", { exact: true }).waitFor();
  await page.getByRole("button", { name: /2 events that it could not apply/ }).click();
  await page.getByRole("button", { name: "Try again" }).first().click();
  await page.getByRole("link", { name: "cart cart-17, revision 1" }).waitFor({ state: "detached" });
});

t.test("a message is published from its topic's page, and comes back in the tail", async (t) => {
  const { open, complaints } = await setStage(t, browser);
  const page = await open("/topics?topic=cart.v1.CartTopics.CheckedOut");
  await page.getByRole("button", { name: "Publish a message" }).click();
  const form = page.getByRole("form", { name: "Publish" });
  await form.getByText("none, as cartId is empty").waitFor();
  const publish = form.getByRole("button", { name: "Publish", exact: true });
  t.ok(await publish.isDisabled(), "without its key a message cannot go");

  await form.getByLabel("cartId").fill("cart-mine");
  t.equal(
    await form.locator(".publish-key strong").textContent(),
    "cart-mine",
    "the key follows the message",
  );
  await form.getByText("Headers, id").click();
  await form.getByLabel("Headers").fill("x-reason: a test");
  await form.getByLabel(/^Id/).fill("once");
  await publish.click();
  await form.getByText(/Stored in partition \d+ as once/).waitFor();

  await page
    .getByRole("button", { name: /cart-mine/ })
    .first()
    .click();
  const message = page.getByRole("region", { name: "Message" });
  await message.getByText("a test").waitFor();
  await form.getByLabel("cartId").fill("cart-bad");
  await page.keyboard.press("Control+Enter");
  await form.getByText("NATS does not answer").waitFor();
  await message.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("heading", { name: "POST /v1/carts/{cart_id}/checkout" }).waitFor();
  t.same(
    complaints.filter((line) => !line.includes("503")),
    [],
    "nothing but the refusal that was asked for",
  );
});

t.test(
  "messages show as they come with their place, are filtered by key, and wait while they are on hold",
  async (t) => {
    const { open } = await setStage(t, browser);
    const page = await open("/topics?topic=cart.v1.CartTopics.CheckedOut");
    const tail = page.getByRole("list", { name: "Messages" });
    await tail.getByRole("button", { name: /3 · 4003.*cart-3.*items: {"apple":3}/ }).waitFor();
    await tail.getByText("premature EOF").waitFor();

    await page.getByRole("button", { name: "Hold" }).click();
    await page.getByText(/on hold, [1-9]\d* wait/).waitFor();
    const count = await tail.getByRole("button").count();
    await page.getByText(/on hold, ([3-9]|\d{2,}) wait/).waitFor();
    t.equal(await tail.getByRole("button").count(), count, "what comes meanwhile is not drawn");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText(/listening, /).waitFor();

    await page.getByLabel("Keys that contain").fill("cart-4");
    await tail.getByRole("button", { name: /cart-3/ }).waitFor({ state: "detached" });
    await tail
      .getByRole("button", { name: /cart-4/ })
      .first()
      .waitFor();
  },
);

t.test("a burst of 10,000 messages does not freeze the page of a topic", async (t) => {
  const { fake } = await setStage(t, browser);
  // Whose clock goes.
  const page = await createVisitor(t, browser, fake.url).open("/topics?topic=cart.v1.CartTopics.CheckedOut");
  await page.getByText(/listening, /).waitFor();
  // The longest time between two turns of the page, while a burst comes in.
  await page.evaluate(() => {
    const seen = { worst: 0, last: performance.now() };
    Object.assign(window, { seen });
    setInterval(() => {
      const now = performance.now();
      seen.worst = Math.max(seen.worst, now - seen.last);
      seen.last = now;
    }, 10);
  });
  const times: number[] = [];
  for (const tenThousands of [1, 2, 3]) {
    await page.evaluate("window.seen.worst = 0");
    fake.flood(10_000);
    await page.getByText(new RegExp(`listening, ${tenThousands}\\d,\\d{3} so far`)).waitFor();
    times.push(Number(await page.evaluate("window.seen.worst")));
  }
  // The best: what the others take longer tells of the machine, which runs other tests.
  const best = Math.min(...times);
  t.comment(`the page was busy for ${best.toFixed(0)} ms at the most`);
  t.ok(best < 1_000, `${best.toFixed(0)} ms`);
  t.ok((await page.locator("main *").count()) < 3_000, "the document stays small");
  await page
    .getByRole("button", { name: /cart-30\d{3}/ })
    .last()
    .click();
  await page.getByRole("region", { name: "Message" }).waitFor();
});

t.test(
  "groups of durable consumers show beside subscriptions, and topics of services that tell nothing",
  async (t) => {
    const { open } = await setStage(t, browser);
    const page = await open("/topics");
    await page.getByRole("link", { name: "billing.v1.BillingTopics.Invoiced" }).waitFor();
    await page.getByRole("link", { name: "cart.v1.CartTopics.CheckedOut" }).click();
    const shipping = page.getByRole("listitem").filter({ hasText: "shipping by durable consumers" });
    await shipping.getByText("12 behind").waitFor();
    await shipping.getByText("running").waitFor();
    await shipping.getByText(/cart-31.*failed 2 times/).waitFor();
    t.equal(await shipping.getByRole("button").count(), 0, "nobody can pause it from here");
    const billing = page.getByRole("listitem").filter({ hasText: "billing by durable consumers" });
    await billing.getByText("nobody reads it now").waitFor();
    await billing.getByText("2 given up").waitFor();
    await page.getByRole("listitem").filter({ hasText: "popular-items of popular-items" }).waitFor();
  },
);

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
