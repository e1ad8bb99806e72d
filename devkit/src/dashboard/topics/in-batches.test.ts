import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { inBatches } from "./in-batches.ts";

const options = { waitMs: 60_000, maxItems: 3, maxWeight: 100, weightOf: (item: number) => item };

async function* of(...items: readonly number[]): AsyncGenerator<number> {
  yield* items;
}

async function all<T>(batches: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}

t.test("inBatches() keeps the order, and ends a batch at its number of items or their weight", async (t) => {
  t.same(await all(inBatches(of(1, 2, 3, 4), options)), [[1, 2, 3], [4]]);
  t.same(await all(inBatches(of(60, 60, 1), options)), [[60, 60], [1]]);
  t.same(await all(inBatches(of(), options)), []);
});

t.test("a batch goes when its time is over, though no more comes", async (t) => {
  const gate = Promise.withResolvers<void>();
  async function* slow(): AsyncGenerator<number> {
    yield 1;
    await gate.promise;
    yield 2;
  }
  const batches = inBatches(slow(), { ...options, waitMs: 1 });
  t.same((await batches.next()).value, [1]);
  gate.resolve();
  t.same((await batches.next()).value, [2]);
  t.equal((await batches.next()).done, true);
});

t.test("a reader that is slow keeps the source from running ahead of it", async (t) => {
  let taken = 0;
  async function* endless(): AsyncGenerator<number> {
    for (;;) {
      taken++;
      yield 1;
    }
  }
  const batches = inBatches(endless(), options);
  await batches.next();
  await sleep(5);
  t.ok(taken <= options.maxItems + 1, `${taken} taken`);
  await batches.return();
});

t.test("a source that fails fails its reader, after what came before", async (t) => {
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new Error("it is away");
  }
  const batches = inBatches(failing(), options);
  t.same((await batches.next()).value, [1]);
  await t.rejects(batches.next(), { message: "it is away" });
});
