// Reading once for several ranges that stand at different places.
import t from "tap";
import { rangeCount, rangeOf } from "../../../ts-runtime/src/cluster/index.ts";
import {
  createRangeProgress,
  followRanges,
  startPosition,
  type RangedEvent,
} from "../../../ts-runtime/src/journal/index.ts";
import { appendOf, openJournal } from "../../support/journal.ts";
import { until } from "../../support/until.ts";

t.test("followRanges() gives each held range what is behind its own position, and no other's", async (t) => {
  const { journal } = await openJournal(t);
  const ids = Array.from({ length: 200 }, (_, index) => `counter-${index}`);
  await Promise.all(ids.map((id) => journal.append(appendOf(id, 0n))));
  const all = await until("all can be read", async () => {
    const { events } = await journal.read({ after: startPosition, limit: 1_000 });
    return events.length === ids.length && events;
  });
  const middle = all[120]?.position ?? startPosition;
  const from = new Map([
    [2, startPosition],
    [5, middle],
    [9, all[60]?.position ?? startPosition],
  ]);
  const expected = all.filter((event, index) => {
    const range = rangeOf(event.slice);
    return range === 2 || (range === 5 && index > 120) || (range === 9 && index > 60);
  });
  t.ok(expected.length > 3 && expected.length < 100);

  const end = new AbortController();
  const got: RangedEvent[] = [];
  for await (const page of followRanges(journal, { from, limit: 7, signal: end.signal })) {
    got.push(...page.events);
    if (got.length >= expected.length) end.abort();
  }
  t.same(
    got.map(({ entityId }) => entityId),
    expected.map(({ entityId }) => entityId),
  );
  t.ok(got.every(({ range, slice }) => range === rangeOf(slice)));
});

t.test("createRangeProgress() saves busy ranges with each page, and idle ones once in a while", async (t) => {
  const held = Array.from({ length: rangeCount }, (_, range) => ({ range, epoch: BigInt(range) }));
  const at = (sequence: bigint) => ({ tx: 1n, sequence });
  const from = new Map(held.map(({ range }) => [range, range === 3 ? at(100n) : startPosition]));
  const event = (range: number): RangedEvent => ({
    range,
    entityType: "counter",
    entityId: "a",
    revision: 1n,
    slice: range * 64,
    position: at(1n),
    payload: new Uint8Array(),
    metadata: {},
    recordedAt: new Date(),
  });
  const progress = createRangeProgress({ held, from, idleSaveMs: 60_000 });
  t.same(progress.after({ events: [event(7), event(7)], next: at(10n) }), [
    { range: 7, epoch: 7n, position: at(10n) },
  ]);
  const rest = progress.rest();
  t.equal(rest.length, rangeCount - 2, "one is saved, one is further");
  t.same(progress.rest(), [], "once");

  const often = createRangeProgress({ held, from, idleSaveMs: 0 });
  t.equal(often.after({ events: [event(7)], next: at(10n) }).length, rangeCount - 1);
});
