// Where the browser of the tests comes from.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as launcher, type Browser } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The program: `CHROMIUM_PATH`, one on PATH, else that of the npm package, which is for Linux only. */
async function chromiumPath(): Promise<string> {
  const wanted = process.env["CHROMIUM_PATH"];
  if (wanted !== undefined && wanted !== "") return wanted;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
  if (found !== undefined) return found;
  if (process.platform === "linux") return chromium.executablePath();
  throw new Error(
    "Cannot find Chromium: install it, or set CHROMIUM_PATH to the program of a Chrome or Chromium",
  );
}

/** Starts it without a screen, and without a word to anybody. */
export async function startChromium(): Promise<Browser> {
  return launcher.launch({
    executablePath: await chromiumPath(),
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--font-render-hinting=none",
    ],
  });
}
