// A build that has caught up takes the place of the one that serves: in one transaction, between two commits.
//
// It is built up to where the live one stands and never beyond (R1). Under load that place moves on, so the live one is
// sealed for a moment: it commits nothing, the build arrives, and they change places. A seal ends by itself, so that
// whoever dies with it holds nobody up.
import { textArray, transact, type TransactionSql } from "../postgres/index.ts";
import { createLatch } from "../resilience/index.ts";
import type { Run } from "./apply-page.ts";
import { dropObjects, moveObjects, objectsIn, objectText } from "./build-objects.ts";
import { buildSchema, lockProjection, readBuild, readStanding, tellControl } from "./builds.ts";
import { tellChange } from "./changes.ts";
import { buildPositions, firstOutstanding } from "./positions.ts";
import type { RunBuildOptions } from "./run-build.ts";
import { endBuild } from "./set-up-projection.ts";

const lookMs = 200;
const sealMs = 3_000;
const sealedLookMs = 10;

/** Readers of the old tables are waited for so long; who comes behind has to wait, too. */
const lockTimeoutMs = 2_000;

/** A swap that failed may fail for long, as where a view stands on the old tables. */
const afterFailureMs = 5_000;

/** Swaps a build when it has caught up; until `signal` aborts. */
export async function swapWhenCaughtUp(run: Run, options: RunBuildOptions): Promise<void> {
  const { signal, logger, projection, generation } = run;
  const pace = createLatch();
  while (!signal.aborted) {
    if (run.mode === "live") {
      await pace.wait(60_000, signal);
      continue;
    }
    try {
      if (await trySwap(run, options)) run.mode = "live";
      else await pace.wait(lookMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      logger.error(
        { err: error, projection: projection.name, generation },
        "the build cannot take over: it is tried again, and the old tables go on serving",
      );
      await pace.wait(afterFailureMs, signal);
    }
  }
}

async function trySwap(run: Run, options: RunBuildOptions): Promise<boolean> {
  const { home, projection, signal } = run;
  if (!(await hasCaughtUp(run, options))) return false;
  const [sealed] = await home.bounded(
    (sql) => sql`
    update projection_control set sealed_until = clock_timestamp() + ${sealMs} * interval '1 millisecond'
    where projection = ${projection.name} and sealed_until <= clock_timestamp()
    returning 1`,
  );
  if (sealed === undefined) return false; // another instance is at it
  const pace = createLatch();
  const sealedAtMs = performance.now();
  try {
    while (!signal.aborted && performance.now() - sealedAtMs < sealMs) {
      if ((await hasCaughtUp(run, options)) && (await swap(run, options))) return true;
      await pace.wait(sealedLookMs, signal);
    }
    return false;
  } finally {
    await home.bounded(
      (sql) =>
        sql`update projection_control set sealed_until = '-infinity' where projection = ${projection.name}`,
    );
  }
}

/** Whether the build has seen all that the live one has. */
async function hasCaughtUp(
  { home, projection, generation }: Run,
  { database }: RunBuildOptions,
  sql: TransactionSql | typeof home.sql = home.sql,
): Promise<boolean> {
  const standing = await readStanding(sql, projection.name);
  if (standing?.building !== generation) return false;
  const from = await buildPositions(sql, projection.name, generation);
  const upTo = await buildPositions(sql, projection.name, standing.generation);
  const { entityTypes } = projection;
  return (await firstOutstanding(database.sql, { entityTypes, from, upTo })) === undefined;
}

/** Changes places; false where they moved on meanwhile. */
async function swap(run: Run, options: RunBuildOptions): Promise<boolean> {
  const { home, projection, generation, logger } = run;
  const { name, version } = projection;
  const own = buildSchema(home.schema, name, generation);
  const startedAtMs = performance.now();
  const swapped = await transact(home.sql, async (sql) => {
    await sql`select set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`;
    await lockProjection(sql, name);
    if (!(await hasCaughtUp(run, options, sql))) return false;
    const standing = await readStanding(sql, name);
    if (standing?.building !== generation) return false;
    const objects = await objectsIn(sql, own);
    await dropObjects(sql, home.schema, await oldObjects(sql, run, { live: standing.generation, own }));
    await moveObjects(sql, objects, { from: own, to: home.schema });
    await sql`drop schema ${sql(own)}`;
    await sql`
      update projection set version = ${version}, generation = ${generation}, building = null,
        set_up_at = clock_timestamp() where name = ${name}`;
    await endBuild(sql, { projection: name, generation: standing.generation });
    await sql`
      update projection_build set objects = ${textArray(objects.map(objectText))}::text[], live_at = clock_timestamp()
      where projection = ${name} and generation = ${generation}`;
    await sql`delete from projection_change where projection = ${name}`;
    await tellControl(sql, home, name);
    return true;
  });
  if (swapped) {
    tellChange(home, projection);
    logger.info(
      { projection: name, version, generation, tookMs: Math.round(performance.now() - startedAtMs) },
      "the build is live: the old tables are gone",
    );
  }
  return swapped;
}

/** What the live build has; where that was never noted, what stands in the way of the new one. */
async function oldObjects(
  sql: TransactionSql,
  { home, projection }: Run,
  { live, own }: { readonly live: number; readonly own: string },
): Promise<readonly string[]> {
  const build = await readBuild(sql, projection.name, live);
  if (build?.objects != null) return build.objects;
  const coming = new Set((await objectsIn(sql, own)).map(objectText));
  return (await objectsIn(sql, home.schema)).map(objectText).filter((object) => coming.has(object));
}
