// The states of entities as their events pass: each event is seen with the state right after it, not with the newest
// one. An entity that is not at hand is folded up to where the page begins; a few queries do that for a whole page.
// A state that was folded from a past which is forgotten meanwhile is not at hand any more.
//
// Invariants:
//   S1. What a page needs is not evicted by it. Beyond that, at most `maxRemembered` states are kept from page to page.
//   S2. However long histories are, at most `maxRows` of their rows are in memory at once.
import type { Message } from "@bufbuild/protobuf";
import { decode } from "../codec/index.ts";
import { fingerprint, type Entity, type EventCase } from "../entity/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import { plainArray, textArray, type Database } from "../postgres/index.ts";

export interface PassingStates {
  /** Makes the entities of these events ready, so that `advance` can follow; call it once per page. */
  prepare(events: readonly JournalEvent[]): Promise<void>;
  /**
   * The states right after each of the things that the event means; undefined for an entity that was not prepared. Call
   * it for each event, in order.
   */
  advance(event: JournalEvent, contents: readonly EventCase[]): readonly Message[] | undefined;
}

interface Passing {
  readonly revision: bigint;
  readonly state: Message;
  /** Up to where the entity had been forgotten before all of it was read; 0 for never, `unsure` where it may not be so. */
  readonly forgotten: bigint;
}

/** Of a state that may rest on events which were read before they were forgotten: it serves for one page. */
const unsure = -1n;

/** What is read of an entity, and how far it is folded. */
interface Loading {
  /** The revision to fold up to. */
  readonly upTo: bigint;
  revision: bigint;
  state: Message;
}

interface Row {
  readonly entity_id: string;
  readonly revision: bigint;
  readonly bytes: Uint8Array;
}

/** How many entities are remembered from page to page. */
const maxRemembered = 10_000;

/** How many snapshots or events are read at once. */
const maxRows = 500;

export function createPassingStates(database: Database, entity: Entity): PassingStates {
  const passing = new Map<string, Passing>();
  const digest = fingerprint(entity);

  /** Asked before anything is folded: what is forgotten later is folded anew with the next page. */
  const forgottenThrough = async (ids: readonly string[]): Promise<ReadonlyMap<string, bigint>> => {
    if (entity.remains === undefined || ids.length === 0) return new Map();
    const rows = await database.sql<{ id: string; through: bigint }[]>`
      select entity_id as id, max(through_revision) as through from forgetting
      where entity_type = ${entity.name} and entity_id = any(${[...ids]}) group by entity_id`;
    return new Map(rows.map(({ id, through }) => [id, through]));
  };

  const load = async (
    before: ReadonlyMap<string, bigint>,
    forgotten: ReadonlyMap<string, bigint>,
  ): Promise<void> => {
    const through = (id: string): bigint => {
      const last = forgotten.get(id) ?? 0n;
      return last <= (before.get(id) ?? 0n) ? last : unsure;
    };
    for (const id of before.keys()) {
      passing.set(id, { revision: 0n, state: entity.initialState(), forgotten: through(id) });
    }
    const loading = new Map<string, Loading>();
    for (const [id, upTo] of before) {
      if (upTo > 0n) loading.set(id, { upTo, revision: 0n, state: entity.initialState() });
    }
    const ids = [...loading.keys()].toSorted();
    for (let at = 0; at < ids.length; at += maxRows) {
      const some = ids.slice(at, at + maxRows);
      await startAtSnapshots(some, loading);
      await foldEvents(some, loading);
    }
    for (const [id, { revision, state }] of loading) {
      passing.set(id, { revision, state, forgotten: through(id) });
    }
  };

  const startAtSnapshots = async (
    ids: readonly string[],
    loading: ReadonlyMap<string, Loading>,
  ): Promise<void> => {
    const limits = ids.map((id) => loading.get(id)?.upTo ?? 0n);
    const rows = await database.sql<Row[]>`
      select s.entity_id, s.revision, s.state as bytes
      from unnest(${textArray(ids)}::text[], ${plainArray(limits)}::bigint[]) as w (entity_id, revision)
      join snapshot s on s.entity_type = ${entity.name} and s.entity_id = w.entity_id
        and s.revision <= w.revision and s.fingerprint = ${digest}`;
    for (const { entity_id: id, revision, bytes } of rows) {
      const own = loading.get(id);
      if (own !== undefined) Object.assign(own, { revision, state: decode(entity.state, bytes) });
    }
  };

  /** Page by page (S2). */
  const foldEvents = async (ids: readonly string[], loading: ReadonlyMap<string, Loading>): Promise<void> => {
    let rest = ids;
    for (;;) {
      rest = rest.filter((id) => {
        const own = loading.get(id);
        return own !== undefined && own.revision < own.upTo;
      });
      if (rest.length === 0) return;
      const rows = await database.sql<Row[]>`
        select e.entity_id, e.revision, e.payload as bytes
        from unnest(
          ${textArray(rest)}::text[], ${plainArray(rest.map((id) => loading.get(id)?.revision ?? 0n))}::bigint[],
          ${plainArray(rest.map((id) => loading.get(id)?.upTo ?? 0n))}::bigint[]
        ) as w (entity_id, after, up_to)
        join event e on e.entity_type = ${entity.name} and e.entity_id = w.entity_id
          and e.revision > w.after and e.revision <= w.up_to
        order by w.entity_id collate "C", e.revision limit ${maxRows}`;
      for (const { entity_id: id, revision, bytes } of rows) {
        const own = loading.get(id);
        if (own === undefined) continue;
        own.state = entity.fold(own.state, bytes, { entityId: id, revision });
        own.revision = revision;
      }
      // A hole in the journal: `advance` finds it.
      if (rows.length < maxRows) return;
    }
  };

  return {
    async prepare(events) {
      const before = new Map<string, bigint>();
      for (const { entityId, revision } of events) {
        const known = before.get(entityId);
        if (known === undefined || revision - 1n < known) before.set(entityId, revision - 1n);
      }
      const needed = new Set(before.keys());
      const forgotten = await forgottenThrough([...needed]);
      for (const [id, revision] of before) {
        const known = passing.get(id);
        if (known?.revision === revision && known.forgotten === (forgotten.get(id) ?? 0n)) before.delete(id);
      }
      // The oldest first, but none that the page needs (S1).
      let surplus = passing.size - maxRemembered;
      for (const id of passing.keys()) {
        if (surplus <= 0) break;
        if (needed.has(id)) continue;
        passing.delete(id);
        surplus--;
      }
      await load(before, forgotten);
    },
    advance({ entityId, revision }, contents) {
      const known = passing.get(entityId);
      if (known?.revision !== revision - 1n) {
        passing.delete(entityId);
        return undefined;
      }
      const { forgotten } = known;
      let { state } = known;
      const states = contents.map((content) => (state = entity.evolve(state, content)));
      passing.delete(entityId); // and in again, as the youngest
      passing.set(entityId, { revision, state, forgotten });
      return states;
    },
  };
}
