// The generations of V8's heap, for tests of what stays in memory that has ended: it has been copied into the old
// generation, and stands there until the next full collection.
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type CollectGarbage = (options?: { readonly type: "minor" }) => void;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as CollectGarbage;

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")?.space_used_size ?? 0;
}

/**
 * By how many MiB the old generation has grown when a piece of work was done so many times, each followed by a collection of
 * the young generation alone. Who is there at the beginning is in the old generation already.
 */
export async function grownOldMiB(times: number, work: (turn: number) => Promise<void>): Promise<number> {
  collectGarbage();
  const before = oldBytes();
  for (let turn = 0; turn < times; turn++) {
    await work(turn);
    collectGarbage({ type: "minor" });
  }
  return (oldBytes() - before) / 1024 ** 2;
}
