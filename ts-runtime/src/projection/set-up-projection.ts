// The tables of a projection: made once per build, by one instance, before any event and any query.
//
// A first build makes them in the schema of the service. A later one makes its own in a schema of its own, and moves
// them to where the old ones were when it has caught up (see `swap-build.ts`); or, in place, it begins anew at once.
import { SamspelError } from "../errors/index.ts";
import type { Journal, Position } from "../journal/index.ts";
import { textArray, transact, type Database, type TransactionSql } from "../postgres/index.ts";
import { dropObjects, objectsIn, objectText } from "./build-objects.ts";
import {
  buildSchema,
  lockProjection,
  nextGeneration,
  readBuild,
  readStanding,
  tellControl,
  workName,
  type Standing,
} from "./builds.ts";
import { checkpointNames, encodePositions, everywhere } from "./positions.ts";
import type { Projection } from "./projection.ts";

export interface SetUpOptions {
  readonly projection: Projection;
  /** The database that has the projection's tables. */
  readonly home: Database;
  readonly journal: Pick<Journal, "ends">;
}

interface Making extends SetUpOptions {
  readonly sql: TransactionSql;
  /** Where the journal ended before: what is there is history. */
  readonly end: Position | undefined;
}

/**
 * Makes the tables of a projection's version where there are none, and begins its build.
 * @throws SAMSPEL_INVALID_CONFIGURATION where a newer version is there, as an old instance must not write its tables;
 *   and where the order was changed without a new version.
 */
export async function setUpProjection(options: SetUpOptions): Promise<void> {
  const { projection, home, journal } = options;
  const end = (await journal.ends())?.last;
  await transact(home.sql, async (sql) => {
    await lockSetUps(sql, home);
    const making = { ...options, sql, end };
    const standing = await readStanding(sql, projection.name);
    if (standing === undefined) return begin(making);
    await adopt(making, standing);
  });
}

/** Begins a rebuild that an operator asked for, where nobody has begun it. */
export async function beginRebuild(options: SetUpOptions): Promise<void> {
  const { projection, home, journal } = options;
  const end = (await journal.ends())?.last;
  await transact(home.sql, async (sql) => {
    await lockSetUps(sql, home);
    const standing = await readStanding(sql, projection.name);
    if (standing?.rebuild !== true || standing.version !== projection.version) return;
    await sql`update projection_control set rebuild = false where projection = ${projection.name}`;
    await rebuild({ ...options, sql, end }, standing);
  });
}

/** One at a time in a schema, so that what a setup makes can be told from what others make. */
async function lockSetUps(sql: TransactionSql, { schema }: Database): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`samspel.projection.${schema}`}, 0))`;
}

async function adopt(making: Making, standing: Standing): Promise<void> {
  const { projection, sql } = making;
  const { version } = projection;
  const newest = Math.max(standing.version, standing.building_version ?? 0);
  if (newest > version && standing.version !== version) throw outdated(projection, newest);
  if (newest < version) return rebuild(making, standing);
  const generation = standing.version === version ? standing.generation : (standing.building ?? 0);
  const build = await readBuild(sql, projection.name, generation);
  const journalOrder = projection.order === "journal";
  if (build !== undefined && build.journal_order === null) {
    await sql`update projection_build set journal_order = ${journalOrder}
      where projection = ${projection.name} and generation = ${generation}`;
  } else if (build?.journal_order !== journalOrder) {
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `The order of version ${version} of projection ${projection.name} must stay as it was, "${journalOrder ? "entity" : "journal"}": current value is "${projection.order}"; raise the version to change it`,
    );
  }
}

async function begin(making: Making): Promise<void> {
  const { projection, home, sql } = making;
  const { name, version } = projection;
  const objects = await makeInPlace(making, []);
  await sql`insert into projection (name, version, generation) values (${name}, ${version}, 1)`;
  await sql`insert into projection_control (projection) values (${name}) on conflict do nothing`;
  await recordBuild(making, { generation: 1, objects, live: true });
  home.logger.info({ projection: name, version }, "projection set up");
}

async function rebuild(making: Making, standing: Standing): Promise<void> {
  const { projection, home, sql } = making;
  const { name, version } = projection;
  if (standing.building !== null) await abandon(making, standing.building);
  const generation = await nextGeneration(sql, name);
  if (projection.rebuild === "beside") {
    await makeBeside(making, generation);
    await recordBuild(making, { generation, objects: [], live: false });
    await sql`update projection set building = ${generation} where name = ${name}`;
  } else {
    await lockProjection(sql, name);
    const old = await readBuild(sql, name, standing.generation);
    const objects = await makeInPlace(making, old?.objects ?? []);
    await recordBuild(making, { generation, objects, live: true });
    await endBuild(sql, { projection: name, generation: standing.generation });
    await sql`
      update projection set version = ${version}, generation = ${generation}, building = null,
        set_up_at = clock_timestamp() where name = ${name}`;
  }
  await tellControl(sql, home, name);
  home.logger.info({ projection: name, version, generation, rebuild: projection.rebuild }, "rebuild begun");
}

/** Makes the tables in the service's schema; gives what is the projection's there. */
async function makeInPlace(
  { projection, home, sql }: Making,
  had: readonly string[],
): Promise<readonly string[]> {
  const before = new Set((await objectsIn(sql, home.schema)).map(({ oid }) => oid));
  await projection.setup?.(sql);
  const after = await objectsIn(sql, home.schema);
  return after
    .filter((object) => !before.has(object.oid) || had.includes(objectText(object)))
    .map(objectText);
}

/** Makes the tables in a schema of the build's own. No other schema is looked into: `drop table` means its own. */
async function makeBeside({ projection, home, sql }: Making, generation: number): Promise<void> {
  const schema = buildSchema(home.schema, projection.name, generation);
  try {
    await sql`create schema ${sql(schema)}`;
  } catch (error) {
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Cannot make schema "${schema}" to build version ${projection.version} of projection ${projection.name}: grant the database user CREATE on the database, or set rebuild to "in-place"`,
      { cause: error },
    );
  }
  await sql`select set_config('search_path', ${`"${schema}"`}, true)`;
  await projection.setup?.(sql);
  await sql`select set_config('search_path', ${`"${home.schema}"`}, true)`;
}

/** A build that a newer one makes needless. */
async function abandon({ projection, home, sql }: Making, generation: number): Promise<void> {
  await lockProjection(sql, projection.name);
  await sql`update projection set building = null where name = ${projection.name}`;
  await dropBuild(sql, home, { projection: projection.name, generation });
}

/** Drops what a build has in a schema of its own, and where it stood; its number stays used. */
async function dropBuild(
  sql: TransactionSql,
  { schema }: Database,
  { projection, generation }: { readonly projection: string; readonly generation: number },
): Promise<void> {
  const own = buildSchema(schema, projection, generation);
  await dropObjects(sql, own, (await objectsIn(sql, own)).map(objectText));
  await sql`drop schema if exists ${sql(own)}`;
  await endBuild(sql, { projection, generation });
}

/** Whoever still runs it finds no checkpoint to move. */
export async function endBuild(
  sql: TransactionSql,
  { projection, generation }: { readonly projection: string; readonly generation: number },
): Promise<void> {
  await sql`update projection_build set ended_at = clock_timestamp(), objects = null
    where projection = ${projection} and generation = ${generation}`;
  await sql`delete from checkpoint where name = any(${textArray(checkpointNames(workName(projection, generation)))}::text[])`;
  await sql`delete from projection_failure where projection = ${projection} and generation = ${generation}`;
  await sql`delete from projection_progress where projection = ${projection} and generation = ${generation}`;
}

interface Recording {
  readonly generation: number;
  readonly objects: readonly string[];
  readonly live: boolean;
}

async function recordBuild(
  { projection, sql, end }: Making,
  { generation, objects, live }: Recording,
): Promise<void> {
  const { name, version, order } = projection;
  await sql`
    insert into projection_build
      (projection, generation, version, journal_order, objects, replay, live_at)
    values (${name}, ${generation}, ${version}, ${order === "journal"}, ${textArray(objects)}::text[],
      ${live && end !== undefined ? textArray(encodePositions(everywhere(end))) : null}::text[],
      case when ${live} then clock_timestamp() end)`;
}

/** An instance of an old version meets the tables of a newer one. */
function outdated({ name, version }: Projection, found: number): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot run version ${version} of projection ${name} as its tables must be of that version: current version is ${found}`,
  );
}
