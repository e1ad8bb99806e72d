// Keys in the terminal while a run goes on: r restarts, o opens the dashboard, q quits.
import { spawn } from "node:child_process";
import type { Dev } from "../dev/index.ts";

/** The terminal's input, as far as it is used. */
export type KeyInput = Pick<NodeJS.ReadStream, "isTTY" | "setRawMode" | "on" | "off" | "resume" | "pause">;

export interface DevKeysOptions {
  readonly dev: Pick<Dev, "restart" | "dashboardUrl"> & {
    readonly services: readonly { readonly name: string }[];
  };
  readonly input: KeyInput;
  readonly notice: (text: string) => void;
  readonly error: (text: string) => void;
  /** Ctrl-C and q; in raw mode the terminal sends no signal for it. */
  readonly onQuit: (key: string) => void;
}

/** What is told of the keys; undefined where there is no terminal. */
export function keysText(input: KeyInput): string | undefined {
  return input.isTTY
    ? "r restarts · o opens the dashboard · q quits. Data is kept; --fresh begins anew."
    : undefined;
}

/** Listens to keys, if the input is a terminal; returns how to end that. */
export function listenForKeys(options: DevKeysOptions): () => void {
  const { dev, input, notice, onQuit } = options;
  if (!input.isTTY) return () => {};
  // While a person chooses, a number stays that of the same service.
  let names: readonly string[] = [];
  let choosing = false;

  const restart = (chosen: readonly string[]): void => {
    for (const name of chosen) {
      dev.restart(name).catch((error: unknown) => {
        options.error(error instanceof Error ? error.message : String(error));
      });
    }
    notice(`restarting ${chosen.join(", ")}`);
  };
  const choose = (key: string): void => {
    choosing = false;
    if (key === "a") return restart(names);
    const name = names[Number(key) - 1];
    if (name !== undefined) restart([name]);
  };
  const press = (key: string): void => {
    if (key === "\u0003" || key === "\u0004") return onQuit("Ctrl-C");
    if (choosing) return choose(key);
    switch (key) {
      case "r": {
        names = dev.services.map(({ name }) => name);
        const [only] = names;
        if (only !== undefined && names.length === 1) return restart([only]);
        choosing = true;
        return notice(`restart: a all, ${names.map((name, index) => `${index + 1} ${name}`).join(", ")}`);
      }
      case "o":
        if (dev.dashboardUrl === undefined) return notice("there is no dashboard");
        return open(dev.dashboardUrl);
      case "q":
        return onQuit("q");
    }
  };
  const take = (text: Buffer | string): void => {
    for (const key of text.toString()) press(key);
  };

  input.setRawMode(true);
  input.resume();
  input.on("data", take);
  return () => {
    input.off("data", take);
    input.setRawMode(false);
    input.pause();
  };
}

/** In the browser of the person, with the system's own command. */
function open(url: string): void {
  const [command, ...args] =
    process.platform === "darwin"
      ? ["open"]
      : process.platform === "win32"
        ? ["cmd", "/c", "start", ""]
        : ["xdg-open"];
  const child = spawn(command ?? "", [...args, url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}
