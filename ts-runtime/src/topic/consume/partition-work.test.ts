import { array, assert, boolean, nat, property, record } from "fast-check";
import t from "tap";
import { PartitionWork, type Item } from "./partition-work.ts";
import type { PartitionEntry } from "./group-entries.ts";

const fresh: PartitionEntry = {
  owner: "me",
  epoch: 1,
  generation: 1,
  created: "then",
  position: 0,
  through: 0,
  undone: [],
  troubled: {},
  crashes: { at: 0, count: 0 },
};
const itemOf = (sequence: number): Item<null> => ({ sequence, key: "k", content: undefined });

t.test("PartitionWork hands on exactly what is not done, through any number of holders (W1, W2)", (t) => {
  const holder = record({
    reads: nat({ max: 40 }),
    done: array(boolean(), { minLength: 40, maxLength: 40 }),
  });
  assert(
    property(array(holder, { minLength: 1, maxLength: 6 }), (holders) => {
      const stream = Array.from({ length: 60 }, (_, index) => index * 3 + 1); // others have the numbers between
      const done = new Set<number>();
      let entry = fresh;
      for (const { reads, done: isDone } of holders) {
        const work = new PartitionWork<null>(0, entry, 1, 0);
        const read = stream.filter((sequence) => sequence > work.received).slice(0, reads);
        for (const [index, sequence] of read.entries()) {
          if (!work.receive(sequence)) {
            if (!done.has(sequence)) return false; // left out
            continue;
          }
          if (done.has(sequence)) return false; // handled twice
          if (isDone[index] === true) done.add(sequence);
          else work.undone.set(sequence, itemOf(sequence));
        }
        for (const sequence of read) {
          if (work.receive(sequence)) return false; // read again
        }
        entry = work.entry("me");
        if (stream.some((sequence) => sequence <= entry.position && !done.has(sequence))) return false;
        const noted = new Set(entry.undone);
        for (const sequence of stream) {
          const isTakenForDone = sequence <= entry.through && !noted.has(sequence);
          if (isTakenForDone && !done.has(sequence)) return false;
        }
      }
      return true;
    }),
  );
  t.end();
});

t.test("entry() gives up the list of what is not done when it is long, and only repeats then", (t) => {
  const work = new PartitionWork<null>(0, fresh, 1, 0);
  for (let sequence = 1; sequence <= 600; sequence++) {
    work.receive(sequence);
    if (sequence % 2 === 0) work.undone.set(sequence, itemOf(sequence));
  }
  t.match(work.entry("me"), { position: 1, through: 1, undone: [] });
  t.end();
});

t.test("noteAttempts() keeps the latest errors, in one short line each", (t) => {
  const work = new PartitionWork<null>(0, fresh, 1, 0);
  for (let attempt = 1; attempt <= 20; attempt++) {
    work.noteAttempts(itemOf(9), attempt, new RangeError(`attempt ${attempt}\n${"x".repeat(1_000)}`));
  }
  const trouble = work.entry("me").troubled["9"];
  t.match(trouble, { key: "k", attempts: 20, history: { length: 8 } });
  t.match(trouble?.history[0]?.error, /^RangeError: attempt 13 x+$/);
  t.ok(trouble?.history.every(({ error }) => error.length <= 240));
  t.end();
});
