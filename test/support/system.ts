// The example system, started for one test file: on free ports, with data of its own, and the infra of the test run
// left alone, so that its parts can be killed.
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startDev, type Dev } from "samspel";
import type { Test } from "tap";

const folder = join(import.meta.dirname, "../../examples/shopping-cart");

/**
 * Starts the shopping cart with infra of its own; it is stopped, and its data deleted, at the end.
 * @param file The project's file. Default: samspel.json.
 */
export async function startShop(t: Test, file: string = "samspel.json"): Promise<Dev> {
  const dataDir = await mkdtemp(join(tmpdir(), "samspel-shop-"));
  // Under root, Postgres runs as another user, who must pass: else its data would lie elsewhere, and stay.
  await chmod(dataDir, 0o711);
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const dev = await startDev({ project: join(folder, file), dataDir, ports: "free" });
  t.teardown(() => dev.stop());
  return dev;
}
