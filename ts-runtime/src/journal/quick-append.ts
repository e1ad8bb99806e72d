// The quick way to append (J7): what a group does when all is as it expects. It looks at nothing and leaves the
// judging to the primary keys, so it costs the server about what a bare insert of the same rows does (10 µs an event in
// groups of 64 to 256).
//
// Invariants:
//   Q1. All or nothing: whatever is not as expected fails the whole statement. `runAppends` then says of each append
//       what became of it (S1), this statement's own included.
//   Q2. That an expected revision is there is taken on trust, and only of the server that told it. Where another one
//       answers, such as a replica that was promoted, or a backend that is new, as after a crash, commits may be lacking:
//       nothing is written, and so no gap can arise.
//   Q3. Rows are written in the order of their keys, as by `runAppends` (S3).
import { plainArray, type Sql } from "../postgres/index.ts";
import { byKey } from "./append-statement.ts";
import type { Incarnations, Server } from "./incarnations.ts";
import type { Append } from "./journal.ts";
import { isSingle, runQuickAppend } from "./quick-append-one.ts";
import { quickParameters } from "./quick-parameters.ts";
import { quickStatement } from "./quick-statement.ts";

/** What became of a quick append: all of it, or nothing because the server is another one than expected. */
export interface QuickResult {
  readonly written: boolean;
  /** Which server answered. */
  readonly server: Server;
}

/** What a quick statement answers. */
export interface QuickRow extends Server {
  /** Whether the server is the expected one, and so whether the rows are written. */
  readonly known: boolean;
}

export interface QuickOptions {
  /** The only server and backends that may write. */
  readonly server: Pick<Incarnations, "since" | "pids">;
  /** The id of all appends of the group; together with its entity it tells each of them (S1). */
  readonly appendId: string;
}

/**
 * Appends a group of one or more events each, at most one append per entity, as one transaction.
 * @throws What Postgres says, such as a unique violation; nothing is written then, unless the connection was lost.
 */
export async function runQuickAppends(
  sql: Sql,
  options: QuickOptions,
  appends: readonly Append[],
): Promise<QuickResult> {
  const [only] = appends;
  const row =
    only !== undefined && appends.length === 1 && isSingle(only)
      ? await runQuickAppend(sql, options, only)
      : await runGroup(sql, options, appends);
  if (row === undefined) throw new Error("The journal's quick statement gave no row");
  return { written: row.known, server: row };
}

async function runGroup(
  sql: Sql,
  { server, appendId }: QuickOptions,
  appends: readonly Append[],
): Promise<QuickRow | undefined> {
  const { bytes, kinds, columns } = quickParameters(appends.toSorted(byKey));
  const [row] = await sql.unsafe<QuickRow[]>(
    quickStatement(kinds),
    [server.since, plainArray(server.pids), appendId, bytes, ...columns],
    { prepare: true },
  );
  return row;
}
