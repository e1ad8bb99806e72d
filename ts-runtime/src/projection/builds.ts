// The builds of a projection: each set of tables that it ever had. One is live; another may be built beside it.
//
// Invariants:
//   B1. The row of `projection` decides which build is live: who writes holds it `for share`, who changes it `for
//       update`. So between two commits of a runner nothing changes under it, and behind a change nobody writes any
//       more who has not seen it.
//   B2. Generations are numbers that are never used again.
import { createHash } from "node:crypto";
import { SamspelError } from "../errors/index.ts";
import type { Database, Sql, TransactionSql } from "../postgres/index.ts";

/** Where a projection stands. */
export interface Standing {
  /** The version of the live tables. */
  readonly version: number;
  /** The live build. */
  readonly generation: number;
  /** The build beside it. */
  readonly building: number | null;
  readonly building_version: number | null;
  /** Counts the resets: what was claimed before one is claimed anew. */
  readonly resets: number;
  readonly paused: boolean;
  /** Whether an operator asked for a rebuild that nobody has begun. */
  readonly rebuild: boolean;
}

/** A build as it was recorded. */
export interface Build {
  readonly generation: number;
  readonly version: number;
  readonly journal_order: boolean | null;
  /** What it has in the schema of the service, such as `table sale`; null where nobody noted it. */
  readonly objects: readonly string[] | null;
  /** For each range the place up to which events are history for it, such as `7421-13`. */
  readonly replay: readonly string[] | null;
}

/** What the checkpoints and leases of a build are called. */
export function workName(projection: string, generation: number): string {
  return `projection:${projection}:${generation}`;
}

/** The schema that a build has for itself until it is live; in the length that a name can have. */
export function buildSchema(schema: string, projection: string, generation: number): string {
  return `${schema}_${createHash("sha1").update(projection).digest("hex").slice(0, 6)}_${generation}`;
}

/** Where a projection stands now; undefined where it was never set up. */
export async function readStanding(
  sql: Sql | TransactionSql,
  projection: string,
): Promise<Standing | undefined> {
  const [row] = await sql<Standing[]>`
    select p.version, p.generation, p.building, b.version as building_version, p.resets,
      coalesce(c.paused, false) as paused, coalesce(c.rebuild, false) as rebuild
    from projection p
      left join projection_build b on b.projection = p.name and b.generation = p.building
      left join projection_control c on c.projection = p.name
    where p.name = ${projection}`;
  return row;
}

/** @throws SAMSPEL_INVALID_REQUEST for a name that no projection has. */
export async function requireStanding(sql: Sql | TransactionSql, projection: string): Promise<Standing> {
  const standing = await readStanding(sql, projection);
  if (standing !== undefined) return standing;
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `No projection is called "${projection}" in this schema: look at the table "projection"`,
  );
}

export async function readBuild(
  sql: Sql | TransactionSql,
  projection: string,
  generation: number,
): Promise<Build | undefined> {
  const [build] = await sql<Build[]>`
    select generation, version, journal_order, objects, replay from projection_build
    where projection = ${projection} and generation = ${generation}`;
  return build;
}

export async function nextGeneration(sql: TransactionSql, projection: string): Promise<number> {
  const [row] = await sql<{ next: number }[]>`
    select coalesce(max(generation), 0) + 1 as next from projection_build where projection = ${projection}`;
  return row?.next ?? 1;
}

/** Locks a projection against other changes of its builds, and waits for whoever writes to it (B1). */
export async function lockProjection(sql: TransactionSql, projection: string): Promise<void> {
  await sql`select from projection where name = ${projection} for update`;
}

/** Where changes of what should run are told. */
export function controlChannel({ schema }: Database, projection: string): string {
  return `projection.control.${createHash("sha1").update(`${schema}.${projection}`).digest("hex")}`;
}

/** Tells them when the transaction commits. */
export async function tellControl(
  sql: Sql | TransactionSql,
  database: Database,
  projection: string,
): Promise<void> {
  await sql`select pg_notify(${controlChannel(database, projection)}, '')`;
}
