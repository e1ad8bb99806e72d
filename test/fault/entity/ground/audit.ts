// The audit: what clients were told against what the journal holds. Each finding is a line; there must be none.
//
// It holds the service to: an acknowledged increment counts exactly once, a refused one never, any other at most once
// (J2, J3); revisions have no gap (J1); a reply is the value at its revision, so replies never go back; what was
// answered before something was sent comes before it; a read is a value that the counter had while it was asked (H1).
import type { Increment, Ledger, Read } from "./ledger.ts";
import type { EventRow, JournalRows } from "./journal-rows.ts";

export function audit(ledger: Ledger, rows: JournalRows): readonly string[] {
  const byAmount = Map.groupBy([...rows.events.values()].flat(), ({ amount }) => amount);
  const sent = new Map(ledger.increments.map((increment) => [increment.amount, increment]));
  return [
    ...[...rows.events].flatMap(([id, events]) => gaps(id, events)),
    ...ledger.increments.flatMap((increment) => counts(increment, byAmount.get(increment.amount) ?? [])),
    ...ledger.increments.flatMap((increment) => records(increment, byAmount.get(increment.amount), rows)),
    ...[...byAmount.keys()]
      .filter((amount) => !sent.has(amount))
      .map((amount) => `nobody sent the event of ${amount}`),
    ...[...rows.events].flatMap(([id, events]) => order(id, events, sent)),
    ...ledger.reads.flatMap((read) => reads(read, rows.events.get(read.counterId) ?? [], sent)),
    ...snapshots(rows),
  ];
}

function gaps(id: string, events: readonly EventRow[]): readonly string[] {
  return events.flatMap(({ revision }, index) =>
    revision === index + 1 ? [] : [`${id}: revision ${revision} stands where ${index + 1} must`],
  );
}

function counts({ counterId, amount, outcome }: Increment, events: readonly EventRow[]): readonly string[] {
  const what = `increment ${amount} of ${counterId}, ${outcome.type}`;
  const [event, second] = events;
  if (second !== undefined) return [`${what}: counts ${events.length} times`];
  if (event !== undefined && event.entityId !== counterId) return [`${what}: counts in ${event.entityId}`];
  if (outcome.type === "refused")
    return event === undefined ? [] : [`${what} (${outcome.code}): counts all the same`];
  if (outcome.type === "unknown") return [];
  if (event === undefined) return [`${what}: lost`];
  return event.value === outcome.value
    ? []
    : [`${what}: told ${outcome.value}, and the value at revision ${event.revision} is ${event.value}`];
}

function records(
  { counterId, commandId, amount }: Increment,
  events: readonly EventRow[] | undefined,
  { commands }: JournalRows,
): readonly string[] {
  const [event] = events ?? [];
  if (commandId === undefined || event === undefined) return [];
  const revision = commands.get(`${counterId}/${commandId}`);
  return revision === event.revision
    ? []
    : [`increment ${amount} of ${counterId}: recorded at ${revision}, stands at ${event.revision}`];
}

/** None that was sent after another one's answer may stand before it. */
function order(
  id: string,
  events: readonly EventRow[],
  sent: ReadonlyMap<bigint, Increment>,
): readonly string[] {
  const findings: string[] = [];
  let answeredMs = Number.POSITIVE_INFINITY;
  for (const { amount, revision } of events.toReversed()) {
    const increment = sent.get(amount);
    if (increment === undefined) continue;
    if (increment.sentAtMs > answeredMs)
      findings.push(`${id}: revision ${revision} was sent after a later revision was answered`);
    if (increment.outcome.type === "acknowledged") answeredMs = Math.min(answeredMs, increment.outcome.atMs);
  }
  return findings;
}

function reads(
  { counterId, value, sentAtMs, atMs }: Read,
  events: readonly EventRow[],
  sent: ReadonlyMap<bigint, Increment>,
): readonly string[] {
  const what = `a read of ${counterId} told ${value}`;
  const at = value === 0n ? -1 : events.findIndex((event) => event.value === value);
  if (value !== 0n && at === -1) return [`${what}, which it never was`];
  const last = events[at];
  const lastSentMs = last === undefined ? 0 : (sent.get(last.amount)?.sentAtMs ?? 0);
  if (lastSentMs > atMs) return [`${what} before revision ${at + 1} was sent`];
  const next = events[at + 1];
  const outcome = next === undefined ? undefined : sent.get(next.amount)?.outcome;
  return outcome?.type === "acknowledged" && outcome.atMs < sentAtMs
    ? [`${what}, though revision ${at + 2} had been answered before`]
    : [];
}

function snapshots({ snapshots, events }: JournalRows): readonly string[] {
  return snapshots.flatMap(({ entityId, revision, value }) => {
    const event = events.get(entityId)?.[revision - 1];
    return event?.value === value
      ? []
      : [`the snapshot of ${entityId} at ${revision} is ${value}, its events say ${event?.value}`];
  });
}
