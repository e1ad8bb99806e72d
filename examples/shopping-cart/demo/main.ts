// `npm run demo`: starts the system on ports and data of its own, plays the trips, checks the books.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startDev, type DevReporter } from "samspel";
import { lineReporter } from "samspel/infra";
import { playDemo } from "./demo.ts";
import { report } from "./report.ts";

const help = `Usage: npm run demo -- [options]

Starts the shopping cart system on ports and data of its own, lets customers shop, and checks the books.

Options:
  --trips <n>        shopping trips to play          (default: 500)
  --seed <n>         the same seed, the same trips   (default: 1)
  --concurrency <n>  customers who shop at once      (default: 16)
  -h, --help         show this

Exit code: 0 when the books balance, 1 when they do not or the system fails, 2 for a wrong option.`;

class UsageError extends Error {}

function readOptions(): { trips: number; seed: number; concurrency: number } | "help" {
  const { values } = parseArgs({
    options: {
      trips: { type: "string", default: "500" },
      seed: { type: "string", default: "1" },
      concurrency: { type: "string", default: "16" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return "help";
  return {
    trips: positive("--trips", values.trips),
    seed: positive("--seed", values.seed),
    concurrency: positive("--concurrency", values.concurrency),
  };
}

function positive(option: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`${option} must be a positive integer: current value is "${value}"`);
}

/** Steps as they end, and what goes wrong; the services' own logs would drown the rest. */
const reporter: DevReporter = {
  ...lineReporter((line) => console.log(line)),
  event(event) {
    if (event.type === "crashed")
      console.log(`✘ ${event.name} ended; it starts again in ${event.restartInMs} ms`);
    if (event.type === "recovered") console.log(`✔ ${event.name} is ready again`);
  },
};

async function run(options: { trips: number; seed: number; concurrency: number }): Promise<number> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const project = join(import.meta.dirname, "..");
  await using dev = await startDev({
    project,
    dataDir: join(project, ".samspel/demo"),
    fresh: true,
    ports: "free",
    signal: stopping.signal,
    reporter,
  });
  const showEvery = Math.max(1, Math.floor(options.trips / 10));
  const demo = playDemo({
    ...options,
    registryUrl: dev.infra.registryUrl,
    databaseUrl: dev.infra.databaseUrl,
    patienceMs: 30_000,
    onTrip: (done) => done % showEvery === 0 && console.log(`  ${done} of ${options.trips} trips`),
  });
  const stopped = new Promise<never>((_, reject) => {
    stopping.signal.addEventListener("abort", () => reject(new Error("Stopped before the end")));
  });
  const result = await Promise.race([demo, stopped]);
  console.log(`\n${report(result)}`);
  return result.findings.every(({ differences }) => differences.length === 0) ? 0 : 1;
}

try {
  const options = readOptions();
  if (options === "help") console.log(help);
  else process.exitCode = await run(options);
} catch (error) {
  const usage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
  console.error(error instanceof Error ? error.message : error);
  if (usage) console.error("\nTry `npm run demo -- --help`.");
  process.exitCode = usage ? 2 : 1;
}
