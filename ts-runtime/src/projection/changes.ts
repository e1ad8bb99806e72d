// Learning that a projection has changed, on any instance.
import { createHash } from "node:crypto";
import type { Database } from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import type { Projection } from "./projection.ts";

/** Node's longest timer: the database wakes us, also after it was away. */
const noTimeoutMs = 2_147_483_647;

/**
 * Yields at once, and then after each commit of the projection, on whatever instance it was; ends when `signal` aborts.
 * Commits during a turn of the loop are drawn together into one more turn. As the listening begins before the first
 * turn, what a turn does not read is told by the next.
 */
export async function* projectionChanges(
  home: Database,
  projection: Pick<Projection, "name">,
  signal: AbortSignal,
): AsyncGenerator<void> {
  const changed = createLatch();
  using _ = await listenToChanges(home, projection, () => changed.set());
  await changed.wait(0, signal); // the subscription itself wakes, too
  while (!signal.aborted) {
    yield;
    await changed.wait(noTimeoutMs, signal);
  }
}

/** Calls `wake` at each commit of the projection. */
export async function listenToChanges(
  home: Database,
  projection: Pick<Projection, "name">,
  wake: () => void,
): Promise<Disposable> {
  return home.listen(channelOf(home, projection), wake);
}

/** Tells a change that is committed. */
export function tellChange(home: Database, projection: Pick<Projection, "name">): void {
  home.wake(channelOf(home, projection));
}

/** A channel's name has at most 63 bytes, so schema and name are hashed. */
function channelOf({ schema }: Database, { name }: Pick<Projection, "name">): string {
  return `projection.${createHash("sha1").update(`${schema}.${name}`).digest("hex")}`;
}
