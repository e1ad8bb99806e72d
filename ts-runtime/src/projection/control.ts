// What an operator does to a projection while it runs. It is written down, and so holds on all instances, whatever
// restarts: each of these has its effect when it resolves, as it waits for the transactions that are under way.
//
// Invariants:
//   O1. Behind a pause nothing is committed; behind a reset, nothing from before it.
//   O2. A reset moves checkpoints only. Tables stay as they are: what empties them is `clear`, in the same transaction,
//       or a rebuild.
import { SamspelError } from "../errors/index.ts";
import { startPosition, type Journal, type Position } from "../journal/index.ts";
import { textArray, transact, type Database, type TransactionSql } from "../postgres/index.ts";
import { lockProjection, readBuild, requireStanding, tellControl, workName } from "./builds.ts";
import { buildPositions, checkpointNames, encodePositions, greatestOf, replayOf } from "./positions.ts";

/** A projection, by its name, and the database that has its tables. */
export interface ProjectionRef {
  readonly home: Database;
  readonly projection: string;
}

/**
 * Stops a projection on all instances; it stays so until `resumeProjection`.
 * @throws SAMSPEL_INVALID_REQUEST for a name that no projection has; so do the others.
 */
export async function pauseProjection({ home, projection }: ProjectionRef): Promise<void> {
  await requireStanding(home.sql, projection);
  await setPaused({ home, projection }, true);
  // Who began before is waited for (O1).
  await transact(home.sql, (sql) => lockProjection(sql, projection));
  home.logger.info({ projection }, "projection paused");
}

/** Lets a projection go on where it was paused. */
export async function resumeProjection({ home, projection }: ProjectionRef): Promise<void> {
  await requireStanding(home.sql, projection);
  await setPaused({ home, projection }, false);
  home.logger.info({ projection }, "projection resumed");
}

async function setPaused({ home, projection }: ProjectionRef, paused: boolean): Promise<void> {
  await transact(home.sql, async (sql) => {
    await sql`
      insert into projection_control (projection, paused) values (${projection}, ${paused})
      on conflict (projection) do update set paused = excluded.paused`;
    await tellControl(sql, home, projection);
  });
}

/** Where a reset leads to. */
export type ResetTo =
  | { readonly type: "beginning" }
  /** What happened at `time` or later is applied again. */
  | { readonly type: "time"; readonly time: Date }
  | { readonly type: "position"; readonly position: Position };

export interface ResetOptions extends ProjectionRef {
  readonly journal: Pick<Journal, "positionAt">;
  readonly to: ResetTo;
  /** What has to go from the tables, in the transaction of the reset. Default: nothing. */
  readonly clear?: (sql: TransactionSql) => void | Promise<unknown>;
}

const sealMs = 10_000;

/**
 * Sets the live build to another place in the journal: it applies what is behind that. Events that were applied before
 * are history then, and have no effects. A build beside it is left alone.
 */
export async function resetProjection(options: ResetOptions): Promise<void> {
  const { home, projection, journal, to, clear } = options;
  await requireStanding(home.sql, projection);
  const position = await positionOf(to, journal);
  // Nobody begins a transaction, so that the lock is had.
  await home.bounded(
    (sql) => sql`
    update projection_control set sealed_until = clock_timestamp() + ${sealMs} * interval '1 millisecond'
    where projection = ${projection}`,
  );
  await transact(home.sql, async (sql) => {
    await lockProjection(sql, projection);
    await clear?.(sql);
    await move(sql, { projection, position });
    await sql`update projection set resets = resets + 1 where name = ${projection}`;
    await sql`update projection_control set sealed_until = '-infinity' where projection = ${projection}`;
    await tellControl(sql, home, projection);
  });
  home.logger.info({ projection, to: to.type }, "projection reset");
}

async function positionOf(to: ResetTo, journal: Pick<Journal, "positionAt">): Promise<Position> {
  switch (to.type) {
    case "beginning":
      return startPosition;
    case "time":
      return journal.positionAt(to.time);
    case "position":
      return to.position;
  }
}

async function move(
  sql: TransactionSql,
  { projection, position }: { readonly projection: string; readonly position: Position },
): Promise<void> {
  const { generation } = await requireStanding(sql, projection);
  const build = await readBuild(sql, projection, generation);
  const reached = await buildPositions(sql, projection, generation);
  const [whole = "", ...ranges] = checkpointNames(workName(projection, generation));
  const names = build?.journal_order === true ? [whole] : ranges;
  await sql`delete from checkpoint where name = ${whole} and not name = any(${textArray(names)}::text[])`;
  await sql`
    insert into checkpoint (name, tx, position, epoch)
    select name, ${sql.types.xid8(position.tx)}, ${position.sequence}, 0 from unnest(${textArray(names)}::text[]) name
    order by name
    on conflict (name) do update
      set tx = excluded.tx, position = excluded.position, moved_at = clock_timestamp()`;
  // What was applied is history, from this reset or from one before.
  const before = replayOf(build);
  const replay = reached.map((place, range) => greatestOf([place, before?.[range] ?? place]));
  await sql`
    update projection_build set replay = ${textArray(encodePositions(replay))}::text[]
    where projection = ${projection} and generation = ${generation}`;
}

/**
 * Builds the tables anew, as a higher version would: an instance begins as soon as it hears of it. What is built
 * already is thrown away.
 */
export async function rebuildProjection({ home, projection }: ProjectionRef): Promise<void> {
  const standing = await requireStanding(home.sql, projection);
  if (standing.building_version !== null && standing.building_version !== standing.version) {
    throw new SamspelError(
      "SAMSPEL_INVALID_REQUEST",
      `Cannot rebuild version ${standing.version} of projection ${projection} as version ${standing.building_version} is being built: wait until that is live`,
    );
  }
  await transact(home.sql, async (sql) => {
    await sql`update projection_control set rebuild = true where projection = ${projection}`;
    await tellControl(sql, home, projection);
  });
}
