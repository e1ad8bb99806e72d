import t from "tap";
import { createPick } from "./pick.ts";

interface Stub {
  readonly name: string;
  readonly inFlight: number;
}

const none: ReadonlySet<Stub> = new Set();
const idle: Stub = { name: "idle", inFlight: 0 };
const busy: Stub = { name: "busy", inFlight: 9 };
const full: Stub = { name: "full", inFlight: 99 };
const alike = (...channels: readonly Stub[]) => channels.map((channel) => ({ channel, weight: 1 }));

/** Numbers that look random and are the same in each run. */
function drawn(): () => number {
  let state = 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

t.test("createPick() takes the less busy of two, whichever it looks at first", async (t) => {
  for (const first of [0, 0.99]) t.equal(createPick(alike(idle, busy), () => first)(none), idle);
});

t.test("createPick() never takes the busiest of three, and looks at each of them", async (t) => {
  const picked = new Set<string | undefined>();
  for (let i = 0; i < 9; i += 1) {
    const draws = [(i % 3) / 3, Math.floor(i / 3) / 3];
    picked.add(createPick(alike(idle, busy, full), () => draws.shift() ?? 0)(none)?.name);
  }
  t.same(picked, new Set(["busy", "idle"]));
});

t.test("createPick() takes what was tried only when there is nothing else", async (t) => {
  const pick = createPick(alike(idle, full));
  t.equal(pick(new Set([idle])), full);
  t.ok(pick(new Set([idle, full])));
  t.equal(createPick(alike(idle))(new Set([idle])), idle);
  t.equal(createPick(alike())(none), undefined);
});

t.test("createPick() shares calls by weight, with little load and with much", async (t) => {
  for (const concurrent of [1, 2, 20, 200]) {
    const weights = [60, 30, 10];
    const channels = weights.map((weight) => ({ weight, channel: { inFlight: 0, calls: 0 } }));
    const pick = createPick(channels, drawn());
    const running: { inFlight: number; calls: number }[] = [];
    for (let call = 0; call < 20_000; call += 1) {
      if (running.length === concurrent) {
        const ended = running.shift();
        if (ended !== undefined) ended.inFlight -= 1;
      }
      const channel = pick(new Set());
      if (channel === undefined) throw new Error("there is one");
      channel.inFlight += 1;
      channel.calls += 1;
      running.push(channel);
    }
    for (const { weight, channel } of channels) {
      const percent = channel.calls / 200;
      t.ok(Math.abs(percent - weight) < 8, `${concurrent} at once: ${percent} of 100 for weight ${weight}`);
    }
  }
});

t.test("createPick() gives a canary its hundredth, and not each second call", async (t) => {
  const steady = { name: "steady", inFlight: 1 };
  const pick = createPick(
    [
      { channel: steady, weight: 99 },
      { channel: idle, weight: 1 },
    ],
    drawn(),
  );
  let canary = 0;
  for (let call = 0; call < 10_000; call += 1) if (pick(none) === idle) canary += 1;
  t.ok(canary > 50 && canary < 200, `${canary} of 10,000`);
});
