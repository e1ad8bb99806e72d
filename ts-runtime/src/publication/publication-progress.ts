// How far a publication has come and how far it is behind, for people.
import { rangeName, rangeCount } from "../cluster/index.ts";
import { sliceCount } from "../descriptor/index.ts";
import type { Position } from "../journal/index.ts";
import { plainArray, textArray, type Database } from "../postgres/index.ts";
import { workName, type Publication } from "./publish.ts";

export interface PublicationProgress {
  /** One for each range; a single one where the publication is ordered by the journal. */
  readonly ranges: readonly {
    readonly range: number;
    /** All events up to there are published or skipped. */
    readonly position: Position;
    /** The instance that holds the range's lease; undefined where nobody does. */
    readonly owner: string | undefined;
    /** Events behind the position, of the entities that are published; those with no handler among them. */
    readonly lagEvents: number;
    /** The age of the oldest of them, in milliseconds; 0 where there is none. */
    readonly lagMs: number;
  }[];
  readonly lagEvents: number;
  /** Whether there are more than `lagEvents`: only the first 10,000 events are counted. */
  readonly isCapped: boolean;
  readonly lagMs: number;
}

interface Row {
  readonly range: number;
  readonly tx: bigint;
  readonly position: bigint;
  readonly owner: string | null;
  readonly events: number;
  readonly lag_ms: number;
  readonly counted: number;
}

const maxCounted = 10_000;
const slicesPerRange = sliceCount / rangeCount;

/** Reads it from the database: checkpoints, leases and the events behind. */
export async function publicationProgress({
  database,
  publication,
}: {
  readonly database: Database;
  readonly publication: Publication;
}): Promise<PublicationProgress> {
  const work = workName(publication);
  const isWhole = publication.order === "journal";
  const names = isWhole ? [work] : Array.from({ length: rangeCount }, (_, range) => rangeName(work, range));
  const rangeOfEvent = isWhole ? "0" : `e.slice / ${slicesPerRange}`;
  const rows = await database.bounded(
    (sql) => sql<Row[]>`
    with at as (
      select n.range, n.name, coalesce(c.tx, w.tx, '0') as tx, coalesce(c.position, w.position, 0) as position
      from unnest(${textArray(names)}::text[], ${plainArray(names.map((_, range) => range))}::int[]) n (name, range)
      left join checkpoint c on c.name = n.name
      left join checkpoint w on w.name = ${work}
    ),
    tail as (
      select ${sql.unsafe(rangeOfEvent)} as range, e.tx, e.position, e.recorded_at
      from event e
      where (e.tx, e.position) > (
          (select tx from at order by tx, position limit 1), (select position from at order by tx, position limit 1)
        )
        and e.entity_type = any(${textArray([...publication.sources.keys()])}::text[])
      order by e.tx, e.position limit ${maxCounted}
    ),
    behind as (
      select t.range, count(*)::int as events, min(t.recorded_at) as oldest
      from tail t join at on at.range = t.range and (t.tx, t.position) > (at.tx, at.position)
      group by t.range
    )
    select at.range, at.tx, at.position, l.owner, coalesce(b.events, 0) as events,
      coalesce(greatest(0, extract(epoch from clock_timestamp() - b.oldest) * 1000), 0)::float8 as lag_ms,
      (select count(*)::int from tail) as counted
    from at left join behind b on b.range = at.range
    left join lease l on l.name = at.name and l.expires_at > clock_timestamp()
    order by at.range`,
  );
  const ranges = rows.map(({ range, tx, position, owner, events, lag_ms: lagMs }) => ({
    range,
    position: { tx, sequence: position },
    owner: owner ?? undefined,
    lagEvents: events,
    lagMs,
  }));
  return {
    ranges,
    lagEvents: ranges.reduce((sum, { lagEvents }) => sum + lagEvents, 0),
    isCapped: (rows[0]?.counted ?? 0) >= maxCounted,
    lagMs: Math.max(0, ...ranges.map(({ lagMs }) => lagMs)),
  };
}
