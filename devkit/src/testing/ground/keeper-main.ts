// The keeper's process: starts Postgres and NATS, hands them out to who shows its token, and ends when nobody has them.
import { keepInfra } from "./keeper.ts";

/** What the keeper says on its standard output while it starts. */
export type KeeperLine = { readonly type: "ready" } | { readonly type: "failed"; readonly message: string };

const [record = ""] = process.argv.slice(2);
const say = (line: KeeperLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
// Whoever started us listens to the start only.
for (const output of [process.stdout, process.stderr]) output.on("error", () => {});

const defaultIdleMs = 120_000;

/** @throws Error that names the variable, its value and what it must be. */
function idleMs(value: string | undefined): number {
  if (value === undefined || value === "") return defaultIdleMs;
  const ms = Number(value);
  if (Number.isInteger(ms) && ms > 0) return ms;
  throw new Error(
    `SAMSPEL_TEST_INFRA_IDLE_MS must be a number of milliseconds, 1 or more: current value is "${value}"`,
  );
}

try {
  const keeper = await keepInfra({ record, idleMs: idleMs(process.env["SAMSPEL_TEST_INFRA_IDLE_MS"]) });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void keeper.stop());
  // The terminal of whoever came first is not ours.
  process.on("SIGHUP", () => {});
  say({ type: "ready" });
  await keeper.ended;
} catch (error) {
  say({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
