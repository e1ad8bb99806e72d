// TypeScript's program of the suite: `node main.ts serve` or `drive` (interop/README.md).
import { drive } from "./drive.ts";
import { serveScenarios } from "./serve.ts";

const modes = new Map([
  ["serve", serveScenarios],
  ["drive", drive],
]);
const run = modes.get(process.argv[2] ?? "");
if (run === undefined) {
  console.error(`Usage: node main.ts ${[...modes.keys()].join("|")}`);
  process.exitCode = 2;
} else {
  await run();
}
