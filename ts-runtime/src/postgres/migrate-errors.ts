// Why a schema cannot be brought up to date, and what to do about it: one clear error (A1).
import { invalidConfiguration, SamspelError } from "../errors/index.ts";
import type { Database } from "./database.ts";
import { errorCodeOf } from "./transient.ts";

/** What a step failed with, as its reader needs it. */
export function explainRefusal(error: unknown, schema: string): unknown {
  if (error instanceof SamspelError || !(error instanceof Error) || errorCodeOf(error) !== "42501")
    return error;
  return invalidConfiguration(
    `Cannot bring schema "${schema}" up to date as the database user lacks a right: ${error.message}: make it the owner of the schema and its tables, or start the service once as their owner`,
  );
}

interface Holder {
  readonly pid: number;
  readonly application_name: string;
  readonly age_ms: number;
}

/** Says that a lock was not had, and names the oldest transaction, which is the most likely to have it. */
export async function lockNotHad(
  { sql, schema }: Database,
  obstacle: { readonly type: "busy" } | { readonly type: "blocked"; readonly error: unknown },
  waitedMs: number,
): Promise<SamspelError> {
  const [holder] = await sql<Holder[]>`
    select pid, application_name, (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as age_ms
    from pg_stat_activity
    where xact_start is not null and datname = current_database() and pid <> pg_backend_pid()
    order by xact_start limit 1`;
  const whom = holder
    ? `the oldest transaction is that of process ${holder.pid} ("${holder.application_name}"), ${Math.round(holder.age_ms)} ms old: end it, or start again later`
    : "no transaction is left that may have it: start again";
  const what =
    obstacle.type === "busy" ? "another instance works on it" : "a transaction has a table that a step needs";
  return new SamspelError(
    "SAMSPEL_DATABASE_UNREACHABLE",
    `Schema "${schema}" is not brought up to date after ${Math.round(waitedMs)} ms, as ${what}; ${whom}`,
    obstacle.type === "blocked" ? { cause: obstacle.error } : {},
  );
}
