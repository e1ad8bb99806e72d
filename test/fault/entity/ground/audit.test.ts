// The audit itself: it finds each kind of fault, and none in a history that is right.
import t from "tap";
import { audit } from "./audit.ts";
import type { JournalRows } from "./journal-rows.ts";
import type { Increment, Ledger, Outcome, Read } from "./ledger.ts";

const told = (value: bigint, atMs: number): Outcome => ({ type: "acknowledged", value, atMs });

const increment = (amount: bigint, sentAtMs: number, outcome: Outcome, commandId?: string): Increment => ({
  counterId: "a",
  amount,
  commandId,
  sentAtMs,
  outcome,
});

/** 1 and 2 are acknowledged, 3 is refused, 4 has no answer. */
const increments = [
  increment(1n, 0, told(1n, 10), "one"),
  increment(2n, 20, told(3n, 30)),
  increment(3n, 40, { type: "refused", code: "SAMSPEL_OVERLOADED" }),
  increment(4n, 60, { type: "unknown", code: "Unavailable" }),
];

function ledgerOf(changes: Partial<Ledger> = {}): Ledger {
  return { increments, reads: [], failures: new Map(), slowestMs: 0, ...changes };
}

function rowsOf(amounts: readonly bigint[], changes: Partial<JournalRows> = {}): JournalRows {
  let value = 0n;
  const events = amounts.map((amount, index) => ({
    entityId: "a",
    revision: index + 1,
    amount,
    value: (value += amount),
  }));
  return {
    events: new Map([["a", events]]),
    order: [],
    commands: new Map([["a/one", 1]]),
    snapshots: [],
    ...changes,
  };
}

const read = (value: bigint, sentAtMs: number, atMs: number): Read => ({
  counterId: "a",
  value,
  sentAtMs,
  atMs,
});

t.test("audit() finds nothing in a history that is right", async (t) => {
  t.same(audit(ledgerOf(), rowsOf([1n, 2n])), []);
  t.same(audit(ledgerOf(), rowsOf([1n, 2n, 4n])), [], "what had no answer may count");
  const reads = [read(0n, -5, 1), read(1n, 12, 25), read(3n, 25, 28), read(3n, 31, 32)];
  t.same(audit(ledgerOf({ reads }), rowsOf([1n, 2n])), []);
});

t.test("audit() finds what is lost, doubled, out of order or made up", async (t) => {
  const finds = (what: RegExp, ledger: Ledger, rows: JournalRows): void => {
    t.match(audit(ledger, rows).join("\n"), what);
  };
  finds(/increment 2 of a, acknowledged: lost/, ledgerOf(), rowsOf([1n]));
  finds(/increment 2 of a, acknowledged: counts 2 times/, ledgerOf(), rowsOf([1n, 2n, 2n]));
  finds(/increment 4 of a, unknown: counts 2 times/, ledgerOf(), rowsOf([1n, 2n, 4n, 4n]));
  finds(
    /increment 3 of a, refused \(SAMSPEL_OVERLOADED\): counts all the same/,
    ledgerOf(),
    rowsOf([1n, 2n, 3n]),
  );
  finds(/told 3, and the value at revision 2 is 6/, ledgerOf(), rowsOf([4n, 2n, 1n]));
  finds(/nobody sent the event of 9/, ledgerOf(), rowsOf([1n, 2n, 9n]));
  finds(/revision 1 was sent after a later revision was answered/, ledgerOf(), rowsOf([2n, 1n]));
  finds(/recorded at 2, stands at 1/, ledgerOf(), rowsOf([1n, 2n], { commands: new Map([["a/one", 2]]) }));
  finds(/recorded at undefined/, ledgerOf(), rowsOf([1n, 2n], { commands: new Map() }));
  const [first, second] = rowsOf([1n, 2n]).events.get("a") ?? [];
  const gap = first && second ? [first, { ...second, revision: 3 }] : [];
  finds(/revision 3 stands where 2 must/, ledgerOf(), rowsOf([1n, 2n], { events: new Map([["a", gap]]) }));
  const snapshots = [{ entityId: "a", revision: 2, value: 4n }];
  finds(/snapshot of a at 2 is 4, its events say 3/, ledgerOf(), rowsOf([1n, 2n], { snapshots }));
  finds(/told 2, which it never was/, ledgerOf({ reads: [read(2n, 0, 50)] }), rowsOf([1n, 2n]));
  finds(/told 3 before revision 2 was sent/, ledgerOf({ reads: [read(3n, 0, 19)] }), rowsOf([1n, 2n]));
  finds(
    /told 1, though revision 2 had been answered before/,
    ledgerOf({ reads: [read(1n, 31, 35)] }),
    rowsOf([1n, 2n]),
  );
});
