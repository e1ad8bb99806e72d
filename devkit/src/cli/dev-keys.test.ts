import { PassThrough } from "node:stream";
import t from "tap";
import { keysText, listenForKeys } from "./dev-keys.ts";

function terminal(isTTY: boolean) {
  const raw: boolean[] = [];
  const stream = new PassThrough();
  const setRawMode = (mode: boolean) => {
    raw.push(mode);
    return input;
  };
  // Only what keys use of a terminal.
  const input = Object.assign(stream, { isTTY, setRawMode }) as unknown as NodeJS.ReadStream;
  return { input, raw, stream };
}

async function press(names: readonly string[], keys: string) {
  const { input, raw, stream } = terminal(true);
  const told: string[] = [];
  const letGo = listenForKeys({
    dev: {
      services: names.map((name) => ({ name })),
      dashboardUrl: undefined,
      async restart(name) {
        told.push(`restart ${name}`);
        if (name === "broken") throw new Error("it does not start");
      },
    },
    input,
    notice: (text) => told.push(text),
    error: (text) => told.push(`error: ${text}`),
    onQuit: (key) => told.push(`quit by ${key}`),
  });
  stream.write(keys);
  await new Promise((resolve) => setImmediate(resolve));
  letGo();
  return { told, raw };
}

t.test("listenForKeys() restarts what is chosen, and quits", async (t) => {
  const choice = "restart: a all, 1 cart, 2 stock";
  t.strictSame((await press(["cart", "stock"], "r2")).told, [choice, "restart stock", "restarting stock"]);
  t.strictSame((await press(["cart", "stock"], "ra")).told, [
    choice,
    "restart cart",
    "restart stock",
    "restarting cart, stock",
  ]);
  t.strictSame((await press(["cart", "stock"], "rx9")).told, [choice], "another key is a change of mind");
  t.strictSame((await press(["cart"], "r")).told, ["restart cart", "restarting cart"]);
  t.strictSame((await press(["broken"], "r")).told, [
    "restart broken",
    "restarting broken",
    "error: it does not start",
  ]);
  t.strictSame((await press(["cart"], "o")).told, ["there is no dashboard"]);
  const { told, raw } = await press(["cart", "stock"], "qr\u0003");
  t.strictSame(told, ["quit by q", choice, "quit by Ctrl-C"]);
  t.strictSame(raw, [true, false], "the terminal is given back");
});

t.test("listenForKeys() leaves an input alone that is no terminal", (t) => {
  const { input, raw } = terminal(false);
  listenForKeys({
    dev: { services: [], dashboardUrl: undefined, restart: async () => {} },
    input,
    notice: () => {},
    error: () => {},
    onQuit: () => {},
  })();
  t.strictSame(raw, []);
  t.equal(keysText(input), undefined);
  t.end();
});
