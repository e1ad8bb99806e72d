import { Code } from "@connectrpc/connect";
import t from "tap";
import { at, balanced, ejection, callsOf, stub, stubs } from "../../../test/support/balanced.ts";
import { answered, type CallOutcome } from "./outcome.ts";

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
