// The pictures of docs/guides/dashboard.md, so that they show what is there. `UPDATE_PICTURES=true npm test --
// test/browser/pictures.test.ts` takes them anew.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { traceIdOf } from "./fake/traces.ts";
import { raiseCurtain, setStage } from "./stage.ts";

const folder = join(import.meta.dirname, "../../docs/images");
const update = process.env["UPDATE_PICTURES"] === "true";
const maxBytes = 130_000;

// So many answers of the system make a curve.
const curveTurns = 14;

const pictures = [
  { name: "system", path: "/system", dark: false },
  { name: "trace", path: `/traces?trace=${traceIdOf(0)}&span=0000000000000f0c`, dark: true },
  { name: "entity", path: "/entities?service=cart&type=cart&id=cart-17&revision=5", dark: false },
  { name: "topic", path: "/topics?topic=cart.v1.CartTopics.CheckedOut", dark: false },
  { name: "api", path: "/api?method=cart.v1.CartService/AddItem", dark: true },
] as const;

const browser = await raiseCurtain(t);

t.test("the pictures of the guide can be taken, and are there", async (t) => {
  const { open } = await setStage(t, browser);
  if (update) mkdirSync(folder, { recursive: true });
  for (const { name, path, dark } of pictures) {
    const page = await open(path, { dark, width: 1200, height: 740 });
    if (name === "api") {
      await page.getByLabel("cartId").fill("cart-18");
      await page.getByLabel("sku").fill("apple");
      await page.getByLabel("quantity").fill("3");
      await page.keyboard.press("Control+Enter");
      await page.getByText("OK", { exact: true }).waitFor();
    }
    if (name === "topic") {
      await page.getByRole("button", { name: /4003/ }).click();
      await page.getByRole("button", { name: "Hold" }).click();
      await page.getByRole("region", { name: "Message" }).scrollIntoViewIfNeeded();
    }
    if (name === "system" && update) {
      await page.waitForFunction(
        (turns) =>
          document.querySelector(".sparkline polyline")?.getAttribute("points")?.split(" ").length === turns,
        curveTurns,
        { timeout: 60_000 },
      );
    }
    const picture = await page.screenshot();
    const file = join(folder, `dashboard-${name}.png`);
    if (update) writeFileSync(file, picture);
    const { size } = statSync(file);
    t.ok(size > 10_000 && size < maxBytes, `${name}: ${size} bytes`);
  }
});
