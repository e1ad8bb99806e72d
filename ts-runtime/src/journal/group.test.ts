import * as fc from "fast-check";
import t from "tap";
import { createGroup } from "./group.ts";

t.test("createGroup() runs each item once, in order per key, never two of a key at once (G1)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 60 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (keys, maxBatch, maxInFlight) => {
        const done: { key: string; n: number }[] = [];
        const underWay = new Set<string>();
        let inFlight = 0;
        const group = createGroup<{ key: string; n: number }, number>({
          what: "items",
          maxPending: 100,
          maxBatch,
          maxInFlight,
          keyOf: ({ key }) => key,
          async run(entries) {
            if (++inFlight > maxInFlight || entries.length > maxBatch) throw new Error("over the bound");
            for (const { item } of entries) {
              if (underWay.has(item.key)) throw new Error(`${item.key} is under way twice`);
              underWay.add(item.key);
            }
            await new Promise((resolve) => setImmediate(resolve));
            for (const entry of entries) {
              underWay.delete(entry.item.key);
              done.push(entry.item);
              entry.resolve(entry.item.n);
            }
            inFlight--;
          },
        });
        const results = await Promise.all(keys.map((key, n) => group.add({ key, n })));
        await group.close();
        const inOrder = ["a", "b", "c", "d", "e"].every((key) => {
          const own = done.filter((item) => item.key === key).map(({ n }) => n);
          return own.every((n, index) => index === 0 || n > (own[index - 1] ?? -1));
        });
        return inOrder && done.length === keys.length && results.every((n, index) => n === index);
      },
    ),
    { numRuns: 50 },
  );
});

t.test("add() goes on after a group has failed, and is refused after close()", async (t) => {
  let fail = true;
  const group = createGroup<string, string>({
    what: "items",
    maxPending: 2,
    maxBatch: 2,
    maxInFlight: 1,
    keyOf: (item) => item,
    async run(entries) {
      if (fail) throw new Error("planned");
      for (const entry of entries) entry.resolve(entry.item);
    },
  });
  await t.rejects(group.add("a"), { message: "planned" });
  fail = false;
  t.equal(await group.add("a"), "a");
  const waiting = group.add("b");
  const closing = group.close();
  await t.rejects(group.add("c"), { code: "SAMSPEL_DRAINING" });
  t.equal(await waiting, "b");
  await closing;
});

t.test("createGroup() keeps each group under a mebibyte, but takes any single item (G3)", async (t) => {
  const groups: number[][] = [];
  const group = createGroup<number, void>({
    what: "items",
    maxPending: 100,
    maxPendingBytes: 8_000_000,
    maxBatch: 10,
    maxInFlight: 1,
    keyOf: String,
    bytesOf: (bytes) => bytes,
    async run(entries) {
      groups.push(entries.map(({ item }) => item));
      for (const entry of entries) entry.resolve();
    },
  });
  await Promise.all([400_000, 600_000, 500_000, 3_000_000, 1, 2].map((bytes) => group.add(bytes)));
  t.same(groups, [[400_000, 600_000], [500_000], [3_000_000], [1, 2]]);
  const full = group.add(7_999_999);
  await t.rejects(group.add(2), { code: "SAMSPEL_OVERLOADED", metadata: { limit: "8000000" } });
  await full;
});

t.test(
  "createGroup() shares what is ready among the groups that there is room for, where it is worth it (G2)",
  async (t) => {
    const sizes: number[] = [];
    const group = createGroup<number, void>({
      what: "items",
      maxPending: 1_000,
      maxBatch: 256,
      maxInFlight: 2,
      keyOf: String,
      async run(entries) {
        sizes.push(entries.length);
        for (const entry of entries) entry.resolve();
      },
    });
    const add = async (count: number): Promise<readonly number[]> => {
      sizes.length = 0;
      await Promise.all(Array.from({ length: count }, (_, item) => group.add(item)));
      return [...sizes];
    };
    t.same(await add(200), [100, 100]);
    t.same(await add(40), [32, 8]);
    t.same(await add(5), [5]);
  },
);
