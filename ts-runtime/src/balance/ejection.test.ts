import { Code } from "@connectrpc/connect";
import t from "tap";
import { at, balanced, ejection, callsOf, stubs, type StubCall } from "../../../test/support/balanced.ts";
import { answered, left, type CallOutcome } from "./outcome.ts";

const failed = (code: Code): CallOutcome => ({ type: "failed", code, neverRan: false });
const internal = failed(Code.Internal);

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

t.test("who refuses calls as it is full is not left out, which would leave all to the others", async (t) => {
  const members = stubs(4);
  const full = at(members, 0);
  const on = balanced(members);
  const refused: CallOutcome = { type: "failed", code: Code.ResourceExhausted, neverRan: true };
  for (let turn = 0; turn < 200; turn += 1) {
    const { member, end } = on.call({ balancing: "round-robin" });
    end(member === full ? refused : answered);
  }
  t.same(on.ejected, []);
  const before = full.calls;
  callsOf(on, 200, ({ member, end }) => end(member === full ? refused : answered));
  t.ok(full.calls - before < 20, `${full.calls - before} of 200: it is spared`);
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

t.test("who leaves while others are left out brings them back, as there are too few (E1)", async (t) => {
  const members = stubs(4);
  const on = balanced(members);
  on.balancer.found(at(members, 0), false);
  on.nowMs += 1;
  on.balancer.found(at(members, 1), false);
  on.balancer.update(members.slice(0, 3));
  t.same(on.back, [members[0]]);
});
