// The pictures of docs/guides/tour.md, so that they show what is there. `UPDATE_PICTURES=true npm test --
// test/e2e/tour/tour.test.ts` takes them anew.
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { Test } from "tap";
import { drawTerminal, hidePassword } from "../../support/terminal-picture.ts";

const folder = join(import.meta.dirname, "../../../docs/images");
const maxBytes = 130_000;
export const updatePictures: boolean = process.env["UPDATE_PICTURES"] === "true";

/** How large the pages are that are pictured. */
export const pictureSize = { width: 1200, height: 740 } as const;

/** Takes a picture of a page, and looks whether the one that the guide shows is there. */
export async function pictureOf(t: Test, page: Page, name: string): Promise<void> {
  keep(t, name, await page.screenshot());
}

/** The same of a terminal. */
export async function pictureOfTerminal(
  t: Test,
  browser: Browser,
  name: string,
  command: string,
  lines: readonly string[],
): Promise<void> {
  const page = await browser.newPage({ viewport: pictureSize });
  try {
    await page.setContent(
      `<body style="margin:0"><style>svg{width:${pictureSize.width}px;height:auto}</style>${drawTerminal(command, hidePassword(lines))}`,
    );
    keep(t, name, await page.locator("svg").screenshot({ omitBackground: true }));
  } finally {
    await page.close();
  }
}

function keep(t: Test, name: string, picture: Buffer): void {
  const file = join(folder, `tour-${name}.png`);
  if (updatePictures) writeFileSync(file, picture);
  const { size } = statSync(file);
  t.ok(picture.byteLength > 5000 && size > 5000 && size < maxBytes, `tour-${name}.png: ${size} bytes`);
}
