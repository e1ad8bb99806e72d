// The keeper's process: starts Postgres and NATS, hands them out to who shows its token, and ends when nobody has them.
import { keepInfra } from "./keeper.ts";
import type { KeeperLine } from "./shared-infra.ts";

const [record = ""] = process.argv.slice(2);
const say = (line: KeeperLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
// Whoever started us listens to the start only.
process.stdout.on("error", () => {});

try {
  const keeper = await keepInfra({ record, idleMs: 120_000 });
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void keeper.stop());
  // The terminal of whoever came first is not ours.
  process.on("SIGHUP", () => {});
  say({ type: "ready" });
  await keeper.ended;
} catch (error) {
  say({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
