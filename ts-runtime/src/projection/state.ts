// Where a projection stands, for people: which builds there are, who runs them, how far behind they are.
import type { Cluster } from "../cluster/index.ts";
import type { Position } from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";
import { readStanding, workName } from "./builds.ts";
import {
  countOutstanding,
  everywhere,
  firstOutstanding,
  loadPositions,
  type RangePositions,
} from "./positions.ts";
import type { Projection } from "./projection.ts";

/** One build of a projection. */
export interface BuildState {
  readonly version: number;
  readonly generation: number;
  /** `live`: its tables serve. `building`: it is built beside them. */
  readonly state: "live" | "building";
  /** One for each range; with the order `journal` there is one. */
  readonly ranges: readonly RangeState[];
  readonly lag: Lag;
  /** Events per second that its instances handled of late. */
  readonly eventsPerSecond: number;
  readonly parked: number;
  /** Events that it waits for. */
  readonly blocked: number;
}

interface RangeState {
  readonly range: number;
  readonly position: Position;
  /** The instance that works on it; undefined where none does. */
  readonly owner: string | undefined;
}

interface Lag {
  /**
   * Events of its entities that it has not handled. Up to 10,000 they are counted; beyond, it is an estimate that takes
   * in the events of other entities too.
   */
  readonly events: number;
  /** Whether `events` is an estimate. */
  readonly isEstimate: boolean;
  /** The age of the oldest of them; 0 where there are none. */
  readonly seconds: number;
}

interface ProjectionState {
  readonly name: string;
  readonly paused: boolean;
  /** The live build first. None where it was never set up. */
  readonly builds: readonly BuildState[];
}

interface ProjectionStateOptions {
  readonly projection: Pick<Projection, "name" | "entityTypes">;
  /** The database that has its tables. */
  readonly home: Database;
  /** The database that has the journal. */
  readonly database: Database;
  readonly cluster: Pick<Cluster, "leases">;
}

const countedEvents = 10_000;

/** Looks at a projection, whoever runs it. */
export async function projectionState(options: ProjectionStateOptions): Promise<ProjectionState> {
  const { projection, home } = options;
  const standing = await readStanding(home.sql, projection.name);
  if (standing === undefined) return { name: projection.name, paused: false, builds: [] };
  const live = await buildState(options, standing.generation, "live");
  const building = standing.building === null ? [] : await buildState(options, standing.building, "building");
  return { name: projection.name, paused: standing.paused, builds: [...live, ...building] };
}

async function buildState(
  { projection, home, database, cluster }: ProjectionStateOptions,
  generation: number,
  state: BuildState["state"],
): Promise<readonly BuildState[]> {
  const name = workName(projection.name, generation);
  const [build] = await home.sql<
    {
      version: number;
      journal_order: boolean | null;
      parked: bigint;
      blocked: bigint;
      rate: number;
    }[]
  >`
    select b.version, b.journal_order,
      (select count(*) from projection_failure f
        where f.projection = b.projection and f.generation = b.generation and f.state = 'parked') as parked,
      (select count(*) from projection_failure f
        where f.projection = b.projection and f.generation = b.generation and f.state = 'blocked') as blocked,
      (select coalesce(sum(events_per_second), 0) from projection_progress r
        where r.projection = b.projection and r.generation = b.generation
          and r.at > clock_timestamp() - interval '10 seconds') as rate
    from projection_build b where b.projection = ${projection.name} and b.generation = ${generation}`;
  if (build === undefined) return [];
  const journalOrder = build.journal_order === true;
  const positions = await loadPositions(home.sql, { name, journalOrder });
  const owners = new Map(
    (await cluster.leases()).filter((lease) => lease.name === name).map(({ range, owner }) => [range, owner]),
  );
  return [
    {
      version: build.version,
      generation,
      state,
      ranges: (journalOrder ? positions.slice(0, 1) : positions).map((position, range) => ({
        range,
        position,
        owner: owners.get(range),
      })),
      lag: await lagOf(database, projection.entityTypes, positions),
      eventsPerSecond: Math.round(build.rate),
      parked: Number(build.parked),
      blocked: Number(build.blocked),
    },
  ];
}

/** How far behind positions are: from the first event that they do not have behind them. */
export async function lagOf(
  { sql }: Database,
  entityTypes: readonly string[],
  from: RangePositions,
): Promise<Lag> {
  const [end] = await sql<{ tx: bigint; position: bigint; now: Date }[]>`
    select tx, position, clock_timestamp() as now from event order by tx desc, position desc limit 1`;
  const none: Lag = { events: 0, isEstimate: false, seconds: 0 };
  if (end === undefined) return none;
  const upTo = everywhere({ tx: end.tx, sequence: end.position });
  const first = await firstOutstanding(sql, { entityTypes, from, upTo });
  if (first === undefined) return none;
  const seconds = Math.max(0, (end.now.getTime() - first.recordedAt.getTime()) / 1_000);
  const events = await countOutstanding(sql, { entityTypes, from, upTo, limit: countedEvents });
  if (events < countedEvents) return { events, isEstimate: false, seconds };
  return {
    events: Math.max(events, Number(end.position - first.position.sequence) + 1),
    isEstimate: true,
    seconds,
  };
}
