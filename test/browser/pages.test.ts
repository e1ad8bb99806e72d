// Each page, in both themes, on a desk and on a phone: it shows what it should, axe finds nothing wrong, nothing is wider
// than the screen, and the strict policy refuses nothing.
import t from "tap";
import type { Page } from "playwright-core";
import { traceIdOf } from "./fake/traces.ts";
import { raiseCurtain, setStage, settled, violations } from "./stage.ts";

const browser = await raiseCurtain(t);

/** Address, what shows that it is the one, and what is opened on it before it is looked at. */
const views: readonly (readonly [string, string, ((page: Page) => Promise<void>)?])[] = [
  ["/system", "All 6 services are well."],
  ["/system?service=cart", "127.0.0.1:52011"],
  ["/api", "Choose a method"],
  ["/api?method=inventory.v1.InventoryService/Import", "Takes in what was delivered."],
  ["/traces", "RecommendationService/Recommend"],
  [`/traces?trace=${traceIdOf(0)}&span=0000000000000f0c`, "Logs of this trace"],
  ["/entities", "cart-17"],
  ["/entities?service=cart&type=cart&id=cart-17&revision=4", "State at revision 4"],
  ["/topics", "cart.v1.CartTopics.Viewing"],
  ["/topics?topic=cart.v1.CartTopics.CheckedOut", "division by zero", openTopic],
  ["/projections", "is being built"],
  ["/tells", "Outboxes"],
  ["/logs", "Application startup complete."],
  ["/configuration?service=cart", "SAMSPEL_PORT"],
  ["/nowhere", "Nothing has this address"],
];

t.test("each page is whole, in both themes and widths", async (t) => {
  const { open, complaints } = await setStage(t, browser, { turnMs: 60_000 });
  const page = await open("/system");
  for (const [path, text, open] of views) {
    // As a link does: the document stays, and axe within it.
    await page.evaluate((to) => {
      const link = document.createElement("a");
      link.href = to;
      document.body.append(link);
      link.click();
      link.remove();
    }, path);
    await page.getByText(text).first().waitFor();
    await settled(page);
    await open?.(page);
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 900 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const what = `${path}, ${colorScheme}, ${width} pixels wide`;
        t.same(await violations(page), [], what);
      }
      t.ok((await overhang(page)) <= 0, `${path} is no wider than ${width} pixels`);
    }
  }
  t.same(complaints, [], "no error of a script, nothing refused by the policy");
});

t.test("the palette and the help are whole", async (t) => {
  const { open } = await setStage(t, browser, { turnMs: 60_000 });
  const page = await open("/system");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  t.same(await violations(page), [], "palette");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.getByRole("heading", { name: "Keys" }).waitFor();
  t.same(await violations(page), [], "help");
});

t.test("a key that is pressed before a dialog has told that it is closed is not lost", async (t) => {
  const { open } = await setStage(t, browser, { turnMs: 60_000 });
  const page = await open("/system");
  await page.keyboard.press("Control+k");
  await page.getByRole("option").first().waitFor();
  const closed = await page.evaluate(async () => {
    const palette = document.querySelector("dialog");
    const told = new Promise<boolean>((resolve) => {
      palette?.addEventListener("close", () => resolve(true), { once: true });
    });
    palette?.close();
    document.dispatchEvent(new KeyboardEvent("keydown", { key: "?" }));
    return told;
  });
  t.ok(closed);
  await page.getByRole("heading", { name: "Keys" }).waitFor();
});

/** The form for a message, groups of each kind, and a message with all that is known of it. */
async function openTopic(page: Page): Promise<void> {
  await page.getByText("by durable consumers").first().waitFor();
  await page.getByRole("button", { name: "Publish a message" }).click();
  await page.getByRole("form", { name: "Publish" }).getByLabel("cartId").fill("cart-18");
  await page
    .getByRole("button", { name: /cart-3/ })
    .first()
    .click();
  await page.getByRole("region", { name: "Message" }).waitFor();
}

/** How much the document is wider than the window. */
function overhang(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}
