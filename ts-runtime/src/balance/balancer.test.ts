import { Code } from "@connectrpc/connect";
import t from "tap";
import {
  balanced,
  stub,
  stubs,
  type Balanced,
  type Stub,
  type StubCall,
} from "../../../test/support/balanced.ts";
import { answered, left, type CallOutcome } from "./outcome.ts";

const failed = (code: Code): CallOutcome => ({ type: "failed", code, neverRan: false });
const internal = failed(Code.Internal);

/** So many calls, one after the other, of which each takes so long. */
function callsOf(
  { call }: Balanced,
  count: number,
  after: (call: StubCall) => void = ({ end }) => end(),
): void {
  for (let made = 0; made < count; made += 1) after(call());
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
}

function shares(members: readonly Stub[]): readonly number[] {
  const all = members.reduce((sum, { calls }) => sum + calls, 0);
  return members.map(({ calls }) => calls / all);
}

t.test("pick() takes the less busy of two", async (t) => {
  const members = stubs(2);
  const { call } = balanced(members);
  for (let turn = 0; turn < 10; turn += 1) {
    const [one, other] = [call(), call()];
    t.not(one.member, other.member);
    one.end();
    other.end();
  }
});

t.test(
  "pick() has nobody where there is nobody, and takes what was tried where nothing else is",
  async (t) => {
    t.equal(balanced([]).balancer.pick(), undefined);
    const only = stub("only");
    t.equal(balanced([only]).balancer.pick(new Set([only])), only);
  },
);

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

t.test("one that cannot be reached is asked at once, and not again for some seconds (B4)", async (t) => {
  const members = stubs(2);
  const gone = at(members, 0);
  const on = balanced(members);
  const unreachable: CallOutcome = { type: "failed", code: Code.Unavailable, neverRan: true };
  while (gone.calls === 0) {
    const { member, end } = on.call();
    end(member === gone ? unreachable : answered);
  }
  t.ok(on.doubted.delete(gone));
  on.balancer.found(gone, true);
  for (let tries = 0; tries < 100; tries += 1) {
    const { member, end } = on.call({ balancing: "round-robin" });
    end(member === gone ? unreachable : answered);
    if (gone.health.standing.type !== "healthy") break;
  }
  t.notOk(on.doubted.has(gone));
});

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

t.test("an instance that comes later warms up, and has its share after a while (P2)", async (t) => {
  const old = stubs(3);
  const on = balanced(old);
  callsOf(on, 30);
  on.nowMs += 20_000;
  const late = stub("late");
  on.balancer.update([...old, late]);
  callsOf(on, 4_000);
  t.ok(late.calls > 50 && late.calls < 200, `${late.calls} of 4,000 at first`);
  on.nowMs += 10_000;
  const before = late.calls;
  callsOf(on, 4_000);
  t.ok(late.calls - before > 850, `${late.calls - before} of 4,000 later`);
});

t.test("who comes to a caller that has just begun does not warm up (B2)", async (t) => {
  const old = stubs(3);
  const on = balanced(old);
  const late = stub("late");
  on.balancer.update([...old, late]);
  callsOf(on, 4_000);
  t.ok(late.calls > 850, `${late.calls} of 4,000`);
});

t.test("where most are new, nobody warms up (B2)", async (t) => {
  const [old = stub("old"), ...late] = stubs(4);
  const on = balanced([old]);
  on.nowMs += 20_000;
  on.balancer.update([old, ...late]);
  callsOf(on, 4_000);
  t.ok(old.calls < 1_200, `${old.calls} of 4,000`);
});

t.test("faults in a row eject, and the time grows with ejections in a row (E2)", async (t) => {
  const members = stubs(4);
  const bad = at(members, 0);
  const on = balanced(members);
  const fault = (): void => {
    for (let tries = 0; tries < 100_000 && bad.health.standing.type === "healthy"; tries += 1) {
      const { member, end } = on.call();
      end(member === bad ? internal : answered);
      on.nowMs += 1;
    }
  };
  for (const forMs of [2_000, 4_000, 6_000]) {
    fault();
    t.match(on.ejected.at(-1), { member: bad, reason: "consecutive-failures", forMs });
    const before = bad.calls;
    callsOf(on, 50);
    t.equal(bad.calls, before, "it is left out");
    on.nowMs += forMs;
    on.call().end();
    t.ok(on.doubted.delete(bad), "it is asked whether it is there");
    t.equal(bad.calls, before, "and not with a call");
    on.balancer.found(bad, true);
    t.equal(on.back.at(-1), bad);
  }
});

t.test(
  "who is silent when its time is over stays out for longer, and one fault is enough on probation (E3)",
  async (t) => {
    const members = stubs(4);
    const bad = at(members, 0);
    const on = balanced(members);
    on.balancer.found(bad, false);
    on.nowMs += 2_000;
    on.call().end();
    on.balancer.found(bad, false);
    t.match(on.ejected, [
      { forMs: 2_000, isAgain: false },
      { forMs: 4_000, isAgain: true },
    ]);
    on.nowMs += 4_000;
    on.call().end();
    on.balancer.found(bad, true);
    while (on.ejected.length === 2) {
      const { member, end } = on.call();
      end(member === bad ? internal : answered);
      on.nowMs += 10;
    }
    t.match(on.ejected.at(-1), { reason: "consecutive-failures" });
  },
);

t.test("who comes back warms up (P2)", async (t) => {
  const members = stubs(4);
  const bad = at(members, 0);
  const on = balanced(members);
  on.balancer.found(bad, false);
  on.nowMs += 2_000;
  on.call().end();
  on.balancer.found(bad, true);
  callsOf(on, 4_000);
  t.ok(bad.calls > 50 && bad.calls < 250, `${bad.calls} of 4,000 at first`);
  on.nowMs += 10_000;
  const before = bad.calls;
  callsOf(on, 4_000);
  t.ok(bad.calls - before > 850, `${bad.calls - before} of 4,000 later`);
});

t.test("who behaved for long begins anew (E2)", async (t) => {
  const members = stubs(4);
  const bad = at(members, 0);
  const on = balanced(members);
  on.balancer.found(bad, false);
  on.nowMs += 2_000;
  on.call().end();
  on.balancer.found(bad, true);
  on.nowMs += 2_000;
  on.balancer.found(bad, false);
  t.match(on.ejected, [{ forMs: 2_000 }, { forMs: 2_000 }]);
});

t.test("a share of faults ejects, and what is the caller's fault does not", async (t) => {
  const members = stubs(4);
  const bad = at(members, 0);
  const on = balanced(members, { policy: { ejection: { ...ejection(), consecutiveFailures: 1_000 } } });
  for (let turn = 0; turn < 200; turn += 1) {
    const { member, end } = on.call({ balancing: "round-robin" });
    end(member === bad ? [internal, internal, answered][bad.calls % 3] : failed(Code.NotFound));
  }
  t.match(on.ejected, [{ member: bad, reason: "failure-ratio" }]);
});

t.test("where all fail alike, nobody is left out: it is the calls (E5)", async (t) => {
  const on = balanced(stubs(4));
  callsOf(on, 400, ({ end }) => end(internal));
  t.same(on.ejected, []);
});

t.test("calls that their caller left say nothing", async (t) => {
  const on = balanced(stubs(2));
  callsOf(on, 200, ({ end }) => end(left));
  t.same(on.ejected, []);
});

t.test("calls from before it came back do not eject it again (E4)", async (t) => {
  const members = stubs(2);
  const bad = at(members, 0);
  const on = balanced(members);
  const old: StubCall[] = [];
  while (old.length < 10) {
    const call = on.call();
    if (call.member === bad) old.push(call);
  }
  on.balancer.found(bad, false);
  on.nowMs += 2_000;
  on.call().end();
  on.balancer.found(bad, true);
  on.nowMs += 100;
  for (const { end } of old) end(failed(Code.DeadlineExceeded));
  t.equal(bad.health.standing.type, "healthy");
});

t.test("where all are left out, all are used (N1)", async (t) => {
  const members = stubs(3);
  const on = balanced(members, { policy: { ejection: { ...ejection(), maxEjectedRatio: 1 } } });
  for (const member of members) on.balancer.found(member, false);
  t.equal(on.ejected.length, 3);
  callsOf(on, 300);
  for (const { calls } of members) t.ok(calls > 50);
});

t.test("a call that has tried all finds the one that is back, though it is left out (N2)", async (t) => {
  const members = stubs(2);
  const [back, dead] = [at(members, 0), at(members, 1)];
  const on = balanced(members);
  on.balancer.found(back, false);
  const tried = new Set(members);
  for (let tries = 0; tries < 100 && back.calls === 0; tries += 1) {
    const { member, end } = on.call({}, tried);
    end(member === dead ? { type: "failed", code: Code.Unavailable, neverRan: true } : answered);
  }
  t.equal(back.calls, 1);
});

t.test("who leaves while others are left out brings them back, as there are too few (E1)", async (t) => {
  const members = stubs(4);
  const on = balanced(members);
  on.balancer.found(at(members, 0), false);
  on.nowMs += 1;
  on.balancer.found(at(members, 1), false);
  on.balancer.update(members.slice(0, 3));
  t.same(on.back, [members[0]]);
});

t.test("a change of policy is in force with the next pick (B3)", async (t) => {
  const members = [...stubs(4, { zone: "a" }), ...stubs(4, { zone: "b" })];
  const on = balanced(members, { zone: "a" });
  callsOf(on, 400);
  t.ok(members.slice(4).every(({ calls }) => calls === 0));
  on.policy = { ...on.policy, preferZone: false };
  callsOf(on, 400);
  t.ok(members.slice(4).every(({ calls }) => calls > 10));
});

t.test("a zone keeps what it can bear, by its healthy instances (Z1)", async (t) => {
  for (const [here, kept] of [
    [3, 1],
    [1, 0.7],
  ] as const) {
    const near = stubs(here, { zone: "a" });
    const members = [...near, ...stubs(3, { zone: "b" })];
    const on = balanced(members, { zone: "a" });
    callsOf(on, 4_000);
    const share = near.reduce((sum, { calls }) => sum + calls, 0) / 4_000;
    t.ok(Math.abs(share - kept) < 0.05, `${here} of ${here + 3} keep ${share}`);
  }
  const near = stubs(4, { zone: "a" });
  const on = balanced([...near, ...stubs(4, { zone: "b" })], { zone: "a" });
  for (const member of near.slice(0, 2)) on.balancer.found(member, false);
  callsOf(on, 4_000);
  const share = near.reduce((sum, { calls }) => sum + calls, 0) / 4_000;
  t.ok(Math.abs(share - 0.7) < 0.05, `with two of four healthy it keeps ${share}`);
});

t.test("a crowded zone spills over (Z2)", async (t) => {
  const near = stubs(2, { zone: "a" });
  const far = stubs(2, { zone: "b" });
  const on = balanced([...near, ...far], { zone: "a" });
  for (let made = 0; made < 400; made += 1) on.call();
  const beyond = far.reduce((sum, { calls }) => sum + calls, 0);
  t.ok(beyond > 40 && beyond < 200, `${beyond} of 400`);
});

t.test("calls in turn go round, by weight, past those that are left out", async (t) => {
  const members = stubs(4);
  const on = balanced(members);
  on.balancer.found(at(members, 3), false);
  for (let made = 0; made < 300; made += 1) on.call({ balancing: "round-robin" });
  t.same(
    members.map(({ calls }) => calls),
    [100, 100, 100, 0],
  );
  const weighted = [stub("a", { weight: 3 }), stub("b")];
  const on2 = balanced(weighted);
  for (let made = 0; made < 400; made += 1) on2.call({ balancing: "round-robin" });
  t.ok(Math.abs(at(weighted, 0).calls - 300) <= 4);
});

t.test("a key has its instance, and another one while that is left out (K2)", async (t) => {
  const members = stubs(5);
  const on = balanced(members);
  const byKey = { balancing: "by-key", key: "cart-7" } as const;
  const owner = on.call(byKey).member;
  for (let made = 0; made < 20; made += 1) {
    const { member, end } = on.call(byKey);
    t.equal(member, owner);
    end();
  }
  on.balancer.found(owner, false);
  const second = on.call(byKey).member;
  t.not(second, owner);
  t.not(on.call(byKey, new Set([second])).member, second, "what was tried is not tried again");
  on.nowMs += 2_000;
  on.call().end();
  on.balancer.found(owner, true);
  t.equal(on.call(byKey).member, owner);
});

t.test("a key that everybody asks for does not bring its instance down (K3)", async (t) => {
  const members = stubs(4);
  const on = balanced(members);
  for (let made = 0; made < 400; made += 1) on.call({ balancing: "by-key", key: "hot" });
  for (const { calls } of members) t.ok(calls <= 126, `${calls} of 400`);
});

function ejection(): NonNullable<Balanced["policy"]["ejection"]> {
  const { policy } = balanced([]);
  if (policy.ejection === undefined) throw new Error("there is one by default");
  return policy.ejection;
}
