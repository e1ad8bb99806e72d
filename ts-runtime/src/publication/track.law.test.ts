import * as fc from "fast-check";
import t from "tap";
import { rangeCount } from "../cluster/index.ts";
import { comparePositions, startPosition, type Position, type RangedEvent } from "../journal/index.ts";
import { createTrack, type Tracked } from "./track.ts";

const at = (sequence: number): Position => ({ tx: 1n, sequence: BigInt(sequence) });

const eventIn = (range: number, sequence: number): RangedEvent => ({
  range,
  entityType: "counter",
  entityId: "a",
  revision: 1n,
  slice: range * 64,
  position: at(sequence),
  payload: new Uint8Array(),
  metadata: {},
  recordedAt: new Date(0),
});

const event = fc.record({ range: fc.nat(rangeCount - 1), messages: fc.nat(2) });

t.test("createTrack() never says more than is stored, and all of it in the end (P1)", async () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), fc.infiniteStream(fc.nat(1_000)), (events, dice) => {
      const held = Array.from({ length: rangeCount }, (_, range) => ({ range, epoch: 1n }));
      const track = createTrack({ held, from: new Map() });
      const saved = new Map<number, Position>();
      const open: { readonly tracked: Tracked; readonly event: RangedEvent }[] = [];
      const roll = (below: number): number => (dice.next().value ?? 0) % below;

      const save = (idle: boolean): void => {
        const positions = track.savable(idle);
        for (const { range, position } of positions) {
          if (comparePositions(position, saved.get(range) ?? startPosition) <= 0)
            throw new Error(`range ${range} was saved at ${position.sequence} again, or goes back`);
          for (const { event } of open) {
            if (event.range === range && comparePositions(event.position, position) <= 0)
              throw new Error(
                `range ${range} is saved at ${position.sequence} over a message that is not stored`,
              );
          }
          saved.set(range, position);
        }
        track.saved(positions);
      };
      const store = (): void => {
        const [done] = open.splice(roll(open.length), 1);
        if (done !== undefined) track.stored(done.tracked);
      };

      for (const [index, { range, messages }] of events.entries()) {
        const next = eventIn(range, index + 1);
        const tracked = track.add(next, messages);
        for (let n = 0; n < messages; n++) open.push({ tracked, event: next });
        if (roll(3) === 0) track.reach(at(index + 1));
        if (open.length > 0 && roll(2) === 0) store();
        if (roll(4) === 0) save(roll(2) === 0);
      }
      track.reach(at(events.length + 1));
      while (open.length > 0) store();
      save(true);
      return (
        track.waiting === 0 &&
        held.every(({ range }) => saved.get(range)?.sequence === BigInt(events.length + 1))
      );
    }),
  );
});

t.test("block() keeps a range where it is, although all before it is stored", (t) => {
  const held = [
    { range: 0, epoch: 1n },
    { range: 1, epoch: 2n },
  ];
  const track = createTrack({ held, from: new Map() });
  track.add(eventIn(0, 1), 0);
  track.block(0);
  track.add(eventIn(1, 3), 0);
  track.reach(at(9));
  t.same(track.savable(true), [
    { range: 0, epoch: 1n, position: at(1) },
    { range: 1, epoch: 2n, position: at(9) },
  ]);
  t.ok(track.isBlocked(0));
  t.end();
});
