// The pictures of docs/guides/tour.md, so that they show what is there. `UPDATE_PICTURES=true npm test --
// test/e2e/tour/tour.test.ts` takes them anew.
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Test } from "tap";
import { drawTerminal, hidePassword } from "../../support/terminal-picture.ts";

const folder = join(import.meta.dirname, "../../../docs/images");
const maxBytes = 130_000;
export const updatePictures: boolean = process.env["UPDATE_PICTURES"] === "true";

/** How large the pages are that are pictured. */
export const pictureSize = { width: 1200, height: 740 } as const;

/** Takes a picture of a page, and looks whether the one that the guide shows is there. */
export async function pictureOf(t: Test, page: Page, name: string): Promise<void> {
  keep(t, `tour-${name}.png`, await page.screenshot());
}

/** The same of a terminal. */
export function pictureOfTerminal(t: Test, name: string, command: string, lines: readonly string[]): void {
  keep(t, `tour-${name}.svg`, Buffer.from(drawTerminal(command, hidePassword(lines))));
}

function keep(t: Test, name: string, picture: Buffer): void {
  const file = join(folder, name);
  if (updatePictures) writeFileSync(file, picture);
  const { size } = statSync(file);
  t.ok(picture.byteLength > 1000 && size > 1000 && size < maxBytes, `${name}: ${size} bytes`);
}
