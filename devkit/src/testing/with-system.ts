// A system for one function: what services wrote is shown when it fails, whatever the test runner is.
import { startSystem } from "./start-system.ts";
import type { System, SystemOptions } from "./system.ts";

/**
 * Starts a system, runs `body` with it, and ends it. When `body` throws, everything that the services wrote goes to standard
 * error first: `test("…", () => withSystem({ services }, async (system) => { … }))`.
 *
 * @throws what `body` throws; else what `startSystem` and `close` throw.
 */
export async function withSystem<const Name extends string, T>(
  options: SystemOptions<Name>,
  body: (system: System<Name>) => Promise<T>,
): Promise<T> {
  const system = await startSystem(options);
  let result: T;
  try {
    result = await body(system);
  } catch (error) {
    process.stderr.write(`${system.logs()}\n`);
    await system.close().catch(() => {});
    throw error;
  }
  await system.close();
  return result;
}
