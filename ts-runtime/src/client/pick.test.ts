import t from "tap";
import { pick } from "./pick.ts";

interface Stub {
  readonly name: string;
  readonly inFlight: number;
}

const none: ReadonlySet<Stub> = new Set();
const idle: Stub = { name: "idle", inFlight: 0 };
const busy: Stub = { name: "busy", inFlight: 9 };
const full: Stub = { name: "full", inFlight: 99 };

t.test("pick() takes the less busy of two, whichever it looks at first", (t) => {
  for (const first of [0, 0.99])
    t.equal(
      pick([idle, busy], none, () => first),
      idle,
    );
  t.end();
});

t.test("pick() never takes the busiest of three, and looks at each of them", (t) => {
  const picked = new Set<string | undefined>();
  for (let i = 0; i < 9; i += 1) {
    const draws = [(i % 3) / 3, Math.floor(i / 3) / 3];
    picked.add(pick([idle, busy, full], none, () => draws.shift() ?? 0)?.name);
  }
  t.same(picked, new Set(["busy", "idle"]));
  t.end();
});

t.test("pick() takes what was tried only when there is nothing else", (t) => {
  t.equal(pick([idle, full], new Set([idle])), full);
  t.equal(pick([idle], new Set([idle])), idle);
  t.equal(pick([], none), undefined);
  t.end();
});
