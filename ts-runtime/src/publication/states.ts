// The states of entities as their events pass: each event is seen with the state right after it, not with the newest
// one. An entity that is not at hand is folded up to where the page begins; one query does that for a whole page.
// A state that was folded from a past which is forgotten meanwhile is not at hand any more.
import { fromBinary, type Message } from "@bufbuild/protobuf";
import { fingerprint, type Entity, type EventCase } from "../entity/index.ts";
import type { JournalEvent } from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";

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

interface Row {
  readonly entity_id: string;
  readonly revision: bigint;
  readonly bytes: Uint8Array;
  readonly is_snapshot: boolean;
}

/** How many entities are remembered from page to page. */
const maxRemembered = 10_000;

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
    const old = [...before].filter(([, revision]) => revision > 0n);
    if (old.length === 0) return;
    const rows = await database.sql<Row[]>`
      with wanted as (
        select w.entity_id, w.revision, s.revision as kept, s.state
        from unnest(${old.map(([id]) => id)}::text[], ${old.map(([, revision]) => String(revision))}::bigint[])
          as w (entity_id, revision)
        left join snapshot s on s.entity_type = ${entity.name} and s.entity_id = w.entity_id
          and s.revision <= w.revision and s.fingerprint = ${digest}
      )
      select entity_id, kept as revision, state as bytes, true as is_snapshot from wanted where kept is not null
      union all
      select e.entity_id, e.revision, e.payload, false
      from wanted w join event e on e.entity_type = ${entity.name} and e.entity_id = w.entity_id
        and e.revision > coalesce(w.kept, 0) and e.revision <= w.revision
      order by entity_id, revision`;
    for (const { entity_id: id, revision, bytes, is_snapshot: isSnapshot } of rows) {
      const state = isSnapshot
        ? fromBinary(entity.state, bytes)
        : entity.fold(passing.get(id)?.state ?? entity.initialState(), bytes, { entityId: id, revision });
      passing.set(id, { revision, state, forgotten: through(id) });
    }
  };

  return {
    async prepare(events) {
      const before = new Map<string, bigint>();
      for (const { entityId, revision } of events) {
        const known = before.get(entityId);
        if (known === undefined || revision - 1n < known) before.set(entityId, revision - 1n);
      }
      const forgotten = await forgottenThrough([...before.keys()]);
      for (const [id, revision] of before) {
        const known = passing.get(id);
        if (known?.revision === revision && known.forgotten === (forgotten.get(id) ?? 0n)) before.delete(id);
      }
      while (passing.size > maxRemembered) {
        const [oldest] = passing.keys();
        if (oldest === undefined) break;
        passing.delete(oldest);
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
