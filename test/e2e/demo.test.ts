// `npm run demo`, as a user runs it, with fewer trips.
import { execFile } from "node:child_process";
import { join } from "node:path";
import t from "tap";

const root = join(import.meta.dirname, "../..");
const main = join(root, "examples/shopping-cart/demo/main.ts");

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function demo(...args: readonly string[]): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  const child = execFile(
    process.execPath,
    ["--conditions=samspel-source", main, ...args],
    { cwd: root },
    (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
  );
  return promise;
}

t.test("the demo plays its trips, and the books balance", async (t) => {
  const { code, stdout } = await demo("--trips", "40", "--seed", "7");
  t.equal(code, 0);
  t.match(stdout, /40 trips in [\d.]+ s: \d+ checked out/);
  t.match(stdout, /request +count +p50 ms +p95 ms +p99 ms/);
  for (const line of [
    /✔ every accepted checkout reached inventory, once \(\d+ compared\)/,
    /✔ every stock figure is right \(20 compared\)/,
    /✔ popular items counted every event once/,
    /✔ every cart is as its customer was told \(40 compared\)/,
    /✔ no event is missing, none is double/,
  ]) {
    t.match(stdout, line);
  }
});

t.test("the demo explains itself, and refuses what it does not know", async (t) => {
  t.match(await demo("--help"), { code: 0, stdout: /--trips <n>[^]*Exit code/ });
  t.match(await demo("--trips", "many"), {
    code: 2,
    stderr: /--trips must be a positive integer: current value is "many"/,
  });
  t.match(await demo("--speed", "9"), { code: 2, stderr: /--speed[^]*--help/ });
});
