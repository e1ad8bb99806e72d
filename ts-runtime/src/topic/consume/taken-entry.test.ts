import t from "tap";
import type { PartitionEntry } from "./group-entries.ts";
import { takenEntry, type Taking } from "./taken-entry.ts";

const group = { generation: 2, position: 5, created: "then", paused: false };
const entry: PartitionEntry = {
  owner: "other",
  epoch: 7,
  generation: 2,
  created: "then",
  position: 40,
  through: 60,
  undone: [41, 50],
  troubled: { "41": { key: "a", attempts: 3, history: [] } },
  crashes: { at: 40, count: 1 },
};
const taking: Taking = {
  member: "me",
  group,
  created: "then",
  lastSequence: 100,
  current: entry,
  remembered: undefined,
  isLeft: false,
};
const begin = (position: number) => ({ position, through: position, undone: [], troubled: {} });

t.test("takenEntry() goes on where the holder before was, under an epoch of its own", (t) => {
  t.match(takenEntry(taking), { ...entry, owner: "me", epoch: 8, crashes: { at: 40, count: 0 } });
  t.end();
});

t.test("takenEntry() counts holders in a row that did not give the partition back, at one place", (t) => {
  t.same(takenEntry({ ...taking, isLeft: true }).crashes, { at: 40, count: 2 });
  const moved = { ...entry, crashes: { at: 39, count: 5 } };
  t.same(takenEntry({ ...taking, current: moved, isLeft: true }).crashes, { at: 40, count: 1 });
  t.end();
});

t.test(
  "takenEntry() begins where the group does, when it is new, was reset, or its stream is another",
  (t) => {
    t.match(takenEntry({ ...taking, current: undefined }), { ...begin(5), epoch: 1, generation: 2 });
    t.match(takenEntry({ ...taking, current: { ...entry, generation: 1 } }), { ...begin(5), epoch: 8 });
    t.match(takenEntry({ ...taking, created: "now" }), { ...begin(0), created: "now", epoch: 8 });
    t.end();
  },
);

t.test("takenEntry() takes what this process remembers of a bucket that is lost", (t) => {
  t.match(takenEntry({ ...taking, current: undefined, remembered: entry }), {
    position: 40,
    through: 60,
    epoch: 8,
  });
  const older = { ...entry, generation: 1 };
  t.match(takenEntry({ ...taking, current: undefined, remembered: older }), begin(5));
  t.end();
});

t.test("takenEntry() does not believe in a place beyond the end of the stream", (t) => {
  t.match(takenEntry({ ...taking, lastSequence: 30 }), begin(30));
  t.match(takenEntry({ ...taking, lastSequence: 45 }), { position: 40, through: 45 });
  const ahead = { ...group, position: 500 };
  t.match(
    takenEntry({ ...taking, group: ahead, current: { ...entry, ...begin(500) } }),
    begin(500),
    "but where it was set to",
  );
  t.end();
});
