import { Code } from "@connectrpc/connect";
import t from "tap";
import { at, balanced, callsOf, shares, stub, stubs, type StubCall } from "../../../test/support/balanced.ts";
import { answered, type CallOutcome } from "./outcome.ts";

const failed = (code: Code): CallOutcome => ({ type: "failed", code, neverRan: false });
const internal = failed(Code.Internal);

t.test("calls are shared by weight, with little load and with much (P1)", async (t) => {
  for (const concurrent of [1, 2, 20, 200]) {
    const members = [60, 30, 10].map((weight, index) => stub(`${index}`, { weight }));
    const { call } = balanced(members);
    const running: StubCall[] = [];
    for (let made = 0; made < 20_000; made += 1) {
      if (running.length === concurrent) running.shift()?.end();
      running.push(call());
    }
    for (const [index, share] of shares(members).entries()) {
      const percent = 100 * share;
      const { weight } = at(members, index);
      t.ok(Math.abs(percent - weight) < 8, `${concurrent} at once: ${percent} of 100 for weight ${weight}`);
    }
  }
});

t.test("a canary of weight 1 beside 99 gets its hundredth, and not each second call (P1)", async (t) => {
  const [steady, canary] = [stub("steady", { weight: 99 }), stub("canary")];
  const on = balanced([steady, canary]);
  callsOf(on, 500);
  for (let running = on.call(); running.member !== steady; running = on.call()) running.end();
  canary.calls = 0;
  callsOf(on, 10_000);
  t.ok(canary.calls > 50 && canary.calls < 200, `${canary.calls} of 10,000`);
});

t.test("a slow instance gets hardly a call, and is tried again by and by (L2)", async (t) => {
  const members = stubs(3);
  const slow = at(members, 0);
  const on = balanced(members);
  callsOf(on, 30_000, ({ member, end }) => {
    on.nowMs += member === slow ? 200 : 4;
    end();
  });
  t.ok(slow.calls < 600, `${slow.calls} of 30,000 in ${on.nowMs} ms`);
  t.ok(slow.calls > 3, `${slow.calls} tries`);
});

t.test(
  "an instance that fails three calls of ten gets hardly a call, though it is never left out",
  async (t) => {
    const members = stubs(4);
    const bad = at(members, 0);
    const on = balanced(members, { policy: { ejection: undefined } });
    let faults = 0;
    const running: StubCall[] = [];
    for (let made = 0; made < 2_000; made += 1) {
      on.nowMs += 1;
      running.push(on.call());
      if (running.length < 8) continue;
      const ended = running.shift();
      const fails = ended?.member === bad && bad.calls % 10 < 3;
      if (fails) faults += 1;
      ended?.end(fails ? internal : answered);
    }
    t.ok(faults > 0 && faults < 30, `${faults} faults, of 150 by turns`);
  },
);

t.test("a single slow answer, as of a first call or a pause, takes no calls away (L4)", async (t) => {
  const members = stubs(2);
  const one = at(members, 0);
  const on = balanced(members);
  for (let round = 0; round < 10; round += 1) {
    let isPaused = true;
    callsOf(on, 100, ({ member, end }) => {
      on.nowMs += member === one && isPaused ? 300 : 1;
      if (member === one) isPaused = false;
      end();
    });
  }
  const [share = 0] = shares(members);
  t.ok(share > 0.4, `${share} of all`);
});

t.test("one that is somewhat slow keeps a part of its calls, as it may be over (P3)", async (t) => {
  const members = stubs(4);
  const one = at(members, 0);
  const on = balanced(members);
  callsOf(on, 8_000, ({ member, end }) => {
    on.nowMs += member === one ? 80 : 5;
    end();
  });
  const [share = 0] = shares(members);
  t.ok(share > 0.05 && share < 0.2, `${share} of all`);
});

t.test("small differences are no slowness, so that weights hold (L2)", async (t) => {
  const members = [stub("a", { weight: 3 }), stub("b")];
  const on = balanced(members);
  callsOf(on, 8_000, ({ member, end }) => {
    on.nowMs += member.weight === 3 ? 4 : 6;
    end();
  });
  const [share = 0] = shares(members);
  t.ok(share > 0.7 && share < 0.8, `${share}`);
});

t.test(
  "an instance that freezes gets no more calls than hang already, long before a deadline (L3)",
  async (t) => {
    const members = stubs(3);
    const frozen = at(members, 0);
    const on = balanced(members);
    callsOf(on, 300, ({ end }) => {
      on.nowMs += 2;
      end();
    });
    const before = frozen.calls;
    callsOf(on, 2_000, ({ member, end }) => {
      on.nowMs += 2;
      if (member !== frozen) end();
    });
    t.ok(frozen.calls - before <= 3, `${frozen.calls - before} of 2,000`);
    t.ok(on.doubted.has(frozen), "somebody is to look (B4)");
    t.equal(on.doubted.size, 1);
    on.balancer.found(frozen, false);
    t.match(on.ejected, [{ reason: "silent" }]);
  },
);

t.test("what a method takes by nature makes nobody slow", async (t) => {
  const members = stubs(2);
  const on = balanced(members);
  callsOf(on, 400, ({ end }) => {
    on.nowMs += 1_000;
    end();
  });
  const [share = 0] = shares(members);
  t.ok(share > 0.4 && share < 0.6, `${share}`);
});

t.test("idle streams on the old instances draw no calls to a new one (L5)", async (t) => {
  const old = stubs(2);
  const on = balanced(old);
  for (let made = 0; made < 1_000; made += 1) on.call({ isStream: true });
  t.ok(Math.abs(at(old, 0).load.streams - 500) < 60, "streams are shared themselves");
  const late = stub("late");
  on.balancer.update([...old, late]);
  on.nowMs += 60_000;
  const before = late.calls;
  callsOf(on, 3_000);
  const got = late.calls - before;
  t.ok(got > 800 && got < 1_200, `${got} of 3,000`);
});
