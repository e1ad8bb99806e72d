// More services than slots: what has no poll of its own is read when something changed.
import { mock } from "node:test";
import t from "tap";
import { createChangeSignal } from "./change-signal.ts";
import { createPollSlots } from "./poll-slots.ts";
import type { Source, SourceState } from "./source.ts";

function counted(): Source<unknown> & { listeners: Set<() => void>; move(index: bigint | undefined): void } {
  const listeners = new Set<() => void>();
  let index: bigint | undefined;
  const state: SourceState<unknown> = { type: "live", value: undefined };
  return {
    state,
    listeners,
    get index() {
      return index;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    move(next) {
      index = next;
      for (const listener of listeners) listener();
    },
  };
}

t.test(
  "createChangeSignal() tells of changes at once, then at most once a second, and misses none",
  async (t) => {
    mock.timers.enable({ apis: ["setTimeout"] });
    t.teardown(() => mock.timers.reset());
    const source = counted();
    const signal = createChangeSignal({ waitMs: 25_000 }, [source]);
    const end = new AbortController();
    t.equal(source.listeners.size, 0, "nobody has joined: nothing is polled");
    const leave = [signal.join(), signal.join()];
    t.equal(source.listeners.size, 1);
    const first = signal.after(0, end.signal);
    source.move(1n);
    t.equal(signal.version, 0, "the first answers make one round, when all of them may be there");
    mock.timers.tick(1_000);
    await first;
    t.equal(signal.version, 1);
    await signal.after(0, end.signal);
    t.pass("who missed it while reading is told as well");
    let told = false;
    const second = signal.after(1, end.signal).then(() => (told = true));
    source.move(1n);
    mock.timers.tick(2_000);
    await Promise.resolve();
    t.notOk(told, "a poll that ends without a change is none");
    source.move(2n);
    source.move(3n);
    t.equal(signal.version, 1, "not within the second");
    mock.timers.tick(1_000);
    await second;
    t.equal(signal.version, 2, "two changes are one round");
    const third = signal.after(2, end.signal);
    mock.timers.tick(100_000);
    await third;
    t.equal(signal.version, 2, "without any change it is time after a while");
    const fourth = signal.after(2, end.signal);
    end.abort();
    await fourth;
    for (const each of leave) each();
    t.equal(source.listeners.size, 0);
  },
);

t.test("createPollSlots() gives no more than there are", async (t) => {
  const slots = createPollSlots(1);
  t.equal(slots.take(), true);
  t.equal(slots.take(), false);
  slots.give();
  t.equal(slots.take(), true);
});
