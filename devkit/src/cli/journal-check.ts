// `samspel journal check`: a version's descriptors against a live journal. What it found goes to standard output, why it
// could not look to standard error.
import { readFile } from "node:fs/promises";
import { checkJournal, SamspelError, type EntityCheck } from "@samspel/runtime/evolution";

/** What the command line says. */
export interface JournalCheckCommandOptions {
  readonly database?: string;
  readonly schema: string;
  readonly descriptors: string;
  readonly event: ReadonlyMap<string, string>;
  readonly entity?: readonly string[];
  readonly json: boolean;
}

const incompatible = 1;
const notChecked = 2;

/** Resolves with the exit code: 0 where all stored events can be read, 1 where not, 2 where nobody knows. */
export async function journalCheck(options: JournalCheckCommandOptions): Promise<number> {
  const { database, schema, entity, event } = options;
  let checks: readonly EntityCheck[];
  try {
    if (database === undefined || database === "") {
      throw new UsageError("No database: give --database <url>, or set DATABASE_URL");
    }
    checks = await checkJournal({
      databaseUrl: database,
      schema,
      descriptors: await readDescriptors(options.descriptors),
      events: event,
      ...(entity === undefined ? {} : { entities: entity }),
    });
  } catch (error) {
    console.error(explain(error));
    return notChecked;
  }
  const compatible = checks.every((check) => count(check, "refused") === 0);
  console.log(options.json ? JSON.stringify({ schema, compatible, entities: checks }) : tell(schema, checks));
  return compatible ? 0 : incompatible;
}

class UsageError extends Error {}

async function readDescriptors(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(
      `Cannot read --descriptors ${file}: ${reason}: make it with \`buf build -o ${file}\``,
    );
  }
}

function tell(schema: string, checks: readonly EntityCheck[]): string {
  if (checks.length === 0) return `schema "${schema}" has no descriptors yet: all events can be read`;
  return checks.flatMap((check) => [summary(check), ...check.problems.map(line)]).join("\n");
}

function summary(check: EntityCheck): string {
  const refused = count(check, "refused");
  const warned = count(check, "warned");
  const warnings = warned === 0 ? "" : `, ${warned} warned of`;
  const verdict = refused === 0 ? "can read all stored events" : `${refused} refused`;
  return `${refused === 0 ? "✔" : "✘"} ${check.entityType}: ${check.message} ${verdict}${warnings}`;
}

function line({ verdict, rule, text }: EntityCheck["problems"][number]): string {
  return `  ${verdict} (${rule}): ${text}`;
}

function count({ problems }: EntityCheck, verdict: "refused" | "warned"): number {
  return problems.filter((problem) => problem.verdict === verdict).length;
}

/** What is thrown on purpose says all in its message; anything else is a defect, and its stack helps. */
function explain(error: unknown): string {
  if (error instanceof SamspelError || error instanceof UsageError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
