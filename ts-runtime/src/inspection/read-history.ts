// A page of an entity's history: each event as it is stored and as what it means, and the state that it led to (I3).
import type { Message, MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { Entity } from "../entity/index.ts";
import type { HistoryEntrySchema } from "../gen/samspel/v1/inspection_pb.ts";
import { encodePosition, type JournalEvent, type JournalView } from "../journal/index.ts";
import type { JsonWriter } from "./json-writer.ts";
import { messageOf } from "./message-of.ts";
import { readMeaning, type Meaning } from "./read-meaning.ts";
import { stateAt } from "./state-at.ts";

type Entry = MessageInitShape<typeof HistoryEntrySchema>;

export interface HistoryQuery {
  readonly entityId: string;
  /** Exclusive. */
  readonly after: bigint;
  readonly limit: number;
  readonly withStates: boolean;
  /** Ends the work when the caller has gone (I2). */
  readonly signal: AbortSignal;
}

interface Inspected {
  readonly entity: Entity;
  readonly toJson: JsonWriter;
}

/** The state between two events, or why there is none from here on; undefined where nobody asked for it. */
type Known = { readonly state: Message } | { readonly problem: string } | undefined;

/** The next entries, in the order of revisions; fewer than the limit are all there are. */
export async function readHistory(
  view: JournalView,
  inspected: Inspected,
  { entityId, after, limit, withStates, signal }: HistoryQuery,
): Promise<readonly Entry[]> {
  const { entity } = inspected;
  const stored = await view.readEntity({ entityType: entity.name, entityId, after, limit });
  let known: Known =
    withStates && stored.length > 0
      ? await attempt(async () => (await stateAt(view, entity, { entityId, upTo: after, signal })).state)
      : undefined;
  signal.throwIfAborted();
  const entries: Entry[] = [];
  for (const event of stored) {
    const meaning = readMeaning(inspected, event);
    known = await stateAfter(entity, known, { revision: event.revision, meaning });
    entries.push(entryOf(inspected, event, { meaning, known }));
  }
  return entries;
}

async function stateAfter(
  entity: Entity,
  known: Known,
  { revision, meaning }: { readonly revision: bigint; readonly meaning: Meaning },
): Promise<Known> {
  if (known === undefined || "problem" in known) return known;
  const { state } = known;
  if (meaning.unknown !== undefined) return { problem: `revision ${revision} cannot be read` };
  return attempt(async () => meaning.cases.reduce((state, event) => entity.evolve(state, event), state));
}

async function attempt(work: () => Promise<Message>): Promise<Exclude<Known, undefined>> {
  try {
    return { state: await work() };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

function entryOf(
  { entity, toJson }: Inspected,
  event: JournalEvent,
  { meaning, known }: { readonly meaning: Meaning; readonly known: Known },
): Entry {
  const problems = [...meaning.problems];
  const entry: Entry = {
    revision: event.revision,
    position: encodePosition(event.position),
    recordedAt: timestampFromDate(event.recordedAt),
    metadata: { ...event.metadata },
    events: [...meaning.events],
    erased: event.payload.length === 0,
    ...(meaning.unknown && { unknown: meaning.unknown }),
  };
  if (known === undefined) return { ...entry, problem: problems.join("; ") };
  try {
    if ("state" in known) entry.state = toJson(entity.state, known.state);
    else problems.push(`no state: ${known.problem}`);
  } catch (error) {
    problems.push(`no state: ${messageOf(error)}`);
  }
  return { ...entry, problem: problems.join("; ") };
}
