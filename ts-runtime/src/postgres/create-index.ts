// An index that is made while others write: `create index concurrently`, which knows no transaction, and leaves an
// invalid index behind where it dies. Such a one is dropped, and made again.
import type { Database, Sql } from "./database.ts";
import type { IndexStep } from "./migration.ts";

const progressEveryMs = 5_000;

/** Makes an index, unless a valid one of that name is there. */
export async function createIndex({ sql, logger }: Database, { index, number }: IndexStep): Promise<void> {
  const { name, table, definition, unique = false } = index;
  const [found] = await sql<{ valid: boolean }[]>`
    select i.indisvalid as valid from pg_index i
    where i.indexrelid = to_regclass(${`"${name}"`}) and i.indrelid = to_regclass(${`"${table}"`})`;
  if (found?.valid === true) return;
  if (found !== undefined) {
    logger.warn({ step: number, index: name }, "index was left invalid: it is made again");
    await sql`drop index concurrently ${sql(name)}`;
  }
  using _ = reportProgress(sql, (progress) =>
    logger.info({ step: number, index: name, ...progress }, "index is being made"),
  );
  await sql.unsafe(
    `create ${unique ? "unique " : ""}index concurrently "${name}" on "${table}" ${definition}`,
  );
}

interface Progress {
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

function reportProgress(sql: Sql, report: (progress: Progress) => void): Disposable {
  const look = async (): Promise<void> => {
    const [row] = await sql<{ phase: string; done: bigint; total: bigint }[]>`
      select phase, blocks_done as done, blocks_total as total from pg_stat_progress_create_index
      where datname = current_database() limit 1`;
    if (row) report({ phase: row.phase, done: Number(row.done), total: Number(row.total) });
  };
  // What it shows is a comfort: where it cannot look, the index is made all the same.
  const timer = setInterval(() => void look().catch(() => {}), progressEveryMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
