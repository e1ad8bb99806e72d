// Which steps made a schema: the table `samspel_migration`, and what its rows say to code of any age.
import { createHash } from "node:crypto";
import { invalidConfiguration, type SamspelError } from "../errors/index.ts";
import type { Sql, TransactionSql } from "./database.ts";
import type { Migration } from "./migration.ts";

/** A step that was applied, by this code or another. */
export interface AppliedStep {
  readonly number: number;
  readonly name: string;
  /** See `Migration`; null in a schema from before it was noted: no other code. */
  readonly compatible_with: number | null;
  /** Null in a schema from before it was noted. */
  readonly checksum: string | null;
}

/** Makes the record where it is missing, or lacks what it has today; under the lock of migrations. */
export async function prepareRecord(tx: TransactionSql): Promise<void> {
  const columns = await columnsOf(tx);
  if (columns === 0) {
    await tx`create table samspel_migration (
      number int primary key,
      name text not null,
      applied_at timestamptz not null default clock_timestamp(),
      compatible_with int,
      checksum text
    )`;
  } else if (columns < 3) {
    await tx`alter table samspel_migration add column compatible_with int, add column checksum text`;
  }
}

/** The steps that were applied; none where there is no record as it is today. */
export async function readRecord(sql: Sql | TransactionSql): Promise<readonly AppliedStep[]> {
  if ((await columnsOf(sql)) < 3) return [];
  return sql<AppliedStep[]>`
    select number, name, compatible_with, checksum from samspel_migration order by number`;
}

/** How many of the columns of today, and of all times, there are: 0, 1 or 3. */
async function columnsOf(sql: Sql | TransactionSql): Promise<number> {
  const [found] = await sql<{ columns: number }[]>`
    select count(*)::int as columns from pg_attribute
    where attrelid = to_regclass('samspel_migration') and attname in ('number', 'compatible_with', 'checksum')`;
  return found?.columns ?? 0;
}

export async function record(tx: TransactionSql, step: Migration): Promise<void> {
  const { number, name, compatibleWith } = step;
  await tx`
    insert into samspel_migration (number, name, compatible_with, checksum)
    values (${number}, ${name}, ${compatibleWith}, ${checksum(step)})`;
}

/**
 * The steps that a schema lacks, in order.
 * @throws SAMSPEL_INVALID_CONFIGURATION where this code cannot live with the schema, or a step is another one than the
 *   one that was applied.
 */
export function missingSteps(
  schema: string,
  applied: readonly AppliedStep[],
  steps: readonly Migration[],
): readonly Migration[] {
  const newest = steps.at(-1)?.number ?? 0;
  const known = new Map(steps.map((step) => [step.number, step]));
  for (const row of applied) {
    const step = known.get(row.number);
    if (step !== undefined) requireSame(schema, row, step);
  }
  const [mostDemanding] = applied
    .filter(({ number }) => !known.has(number))
    .toSorted((a, b) => neededBy(b) - neededBy(a) || b.number - a.number);
  if (mostDemanding !== undefined && neededBy(mostDemanding) > newest) {
    throw newerSchema(schema, mostDemanding, newest);
  }
  const numbers = new Set(applied.map(({ number }) => number));
  return steps.filter(({ number }) => !numbers.has(number));
}

function requireSame(schema: string, row: AppliedStep, step: Migration): void {
  if (row.name !== step.name) {
    throw invalidConfiguration(
      `Step ${row.number} of schema "${schema}" must be "${step.name}": "${row.name}" was applied: name another schema, or deploy the code that made this one`,
    );
  }
  if (row.checksum !== null && row.checksum !== checksum(step)) {
    throw invalidConfiguration(
      `Step ${row.number} (${step.name}) of schema "${schema}" was edited after it was applied: its checksum must be ${row.checksum}: current value is ${checksum(step)}: put it back as it was, and add a new step behind the last one`,
    );
  }
}

/** The lowest code that can live with a step. */
function neededBy({ number, compatible_with: compatibleWith }: AppliedStep): number {
  return compatibleWith ?? number;
}

function newerSchema(schema: string, row: AppliedStep, newest: number): SamspelError {
  return invalidConfiguration(
    `Cannot start on schema "${schema}" as its step ${row.number} (${row.name}) needs code of step ${neededBy(row)} or newer: this code's newest step is ${newest}: deploy the release that made the schema, or one that can live with it`,
  );
}

/** Of what a step does, however it is laid out. */
function checksum(step: Migration): string {
  const text = "sql" in step ? step.sql : JSON.stringify(step.index);
  return createHash("sha256").update(text.replaceAll(/\s+/g, " ").trim()).digest("hex").slice(0, 16);
}
