// A browser in front of a fake dashboard, for tests.
import axe from "axe-core";
import type { Test } from "tap";
import type { Browser, Page } from "playwright-core";
import { dashboardAssets } from "../../devkit/src/dashboard-assets/index.ts";
import { startChromium } from "./chromium.ts";
import { startFakeDashboard, type FakeDashboard, type FakeOptions } from "./fake/server.ts";
import { startedAt } from "./fake/shop.ts";

/** How a page is looked at. */
interface ViewOptions {
  /** Default 1440. */
  readonly width?: number;
  /** Default: that of a phone or of a desk, by the width. */
  readonly height?: number;
  readonly dark?: boolean;
}

/** Looks at the pages of a dashboard. */
export interface Visitor {
  /** Opens an address, and waits until the page has something to show. */
  readonly open: (path: string, options?: ViewOptions) => Promise<Page>;
  /** What pages complained about: errors of scripts, and what the policy refused. */
  readonly complaints: readonly string[];
}

/** A fake, and a visitor of it whose clock stands still. Ends with the test. */
interface Stage extends Visitor {
  readonly fake: FakeDashboard;
}

/** How long a page may take on a loaded machine. */
export const patienceMs = 20_000;

/** A browser for all tests of a file. */
export async function raiseCurtain(t: Test): Promise<Browser> {
  const browser = await startChromium();
  t.teardown(() => browser.close());
  return browser;
}

/** Starts a fake for a test. */
export async function setStage(
  t: Test,
  browser: Browser,
  options: Omit<FakeOptions, "assets"> = {},
): Promise<Stage> {
  const fake = await startFakeDashboard({ assets: await dashboardAssets(), ...options });
  t.teardown(() => fake.close());
  return { fake, ...createVisitor(t, browser, fake.url, startedAt + 90_000) };
}

/** A visitor without a past, at a fixed time where one is given. */
export function createVisitor(t: Test, browser: Browser, url: string, now?: number): Visitor {
  const complaints: string[] = [];
  return {
    complaints,
    open: async (path, { width = 1440, height = width < 500 ? 844 : 900, dark = false } = {}) => {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? "dark" : "light",
        reducedMotion: "reduce",
        timezoneId: "UTC",
        locale: "en",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      t.teardown(() => context.close());
      const page = await context.newPage();
      page.setDefaultTimeout(patienceMs);
      page.on("pageerror", (error) => complaints.push(`${path}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`${path}: ${message.text()}`);
      });
      if (now !== undefined) await page.clock.setFixedTime(now);
      await page.goto(url + path);
      await settled(page);
      return page;
    },
  };
}

/** Waits until nothing of a page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await page.waitForFunction(
    () => document.querySelector(".loading") === null && document.querySelector("main .page > *") !== null,
  );
}

/** What axe finds wrong, in lines. */
export async function violations(page: Page): Promise<readonly string[]> {
  const present = await page.evaluate(() => "axe" in window);
  // Into the page's own world, past its policy, which lets no foreign script in.
  if (!present) await page.evaluate(axe.source);
  const found: unknown = await page.evaluate(
    `axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
       violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ": " + node.html.slice(0, 160) + " " + (node.any[0]?.message ?? ""))))`,
  );
  return Array.isArray(found) ? found.map(String) : [String(found)];
}
