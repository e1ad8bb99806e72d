// The check at the start (J6): what this version of a service is about to store is compared with all that was ever
// stored, and stored itself.
//
// Invariants:
//   E3. A version that would misread a stored event does not start, and is told all reasons at once.
//   E4. A start with the descriptors that were stored last costs one query.
//   E5. Instances of several versions that start at once wait for each other, so that each is compared with the others.
//   E6. A version that ran before may come back (a rollback, or an old instance during a deploy): it is compared with
//       what was stored since, but cases that are new since then are no reason to refuse it. Entities that have such
//       events are refused one by one (SAMSPEL_EVENT_UNKNOWN), and the others work.
import type { DescMessage } from "@bufbuild/protobuf";
import { SamspelError } from "../errors/index.ts";
import { transact, type Database, type TransactionSql } from "../postgres/index.ts";
import { encodeDescriptor, type EncodedDescriptor } from "./descriptor-set.ts";
import { insertDescriptor, loadDescriptors, newestDigests } from "./descriptor-table.ts";
import { judge, type Problem } from "./judge.ts";

/** An entity type and its event, as they are compiled. */
interface EventSource {
  /** The entity type. */
  readonly name: string;
  readonly event: DescMessage;
}

interface CheckEventsOptions {
  /** What this service stores events of. */
  readonly stored: readonly EventSource[];
  /** What it reads only, for its projections and topics: it is compared, too. */
  readonly read?: readonly EventSource[];
}

interface Checked extends EventSource {
  readonly encoded: EncodedDescriptor;
  readonly stores: boolean;
}

/**
 * Compares the compiled events with all that were stored, and stores the descriptors that are new.
 * @throws SAMSPEL_EVENTS_INCOMPATIBLE that names each change, what it was, what it is and the fix; nothing is stored.
 */
export async function checkEvents(
  database: Database,
  { stored, read = [] }: CheckEventsOptions,
): Promise<void> {
  const sources = new Map<string, Checked>();
  for (const [stores, list] of [
    [true, stored],
    [false, read],
  ] as const) {
    for (const { name, event } of list) {
      if (!sources.has(name)) sources.set(name, { name, event, stores, encoded: encodeDescriptor(event) });
    }
  }
  if (sources.size === 0) return;
  const newest = await newestDigests(database.sql, [...sources.keys()]);
  const changed = [...sources.values()].filter(({ name, encoded }) => newest.get(name) !== encoded.digest);
  if (changed.length > 0) await compareAndStore(database, changed);
}

async function compareAndStore(
  { sql, schema, logger }: Database,
  changed: readonly Checked[],
): Promise<void> {
  const { warnings, added } = await transact(sql, async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended(${`samspel.descriptor.${schema}`}, 0))`;
    const all = await loadDescriptors(
      tx,
      changed.map(({ name }) => name),
    );
    const judged: Judged[] = [];
    for (const source of changed) {
      const stored = all.filter(({ entityType }) => entityType === source.name);
      judged.push(await judgeSource(tx, source, stored));
    }
    const problems = judged.flatMap((result) => result.problems);
    const refused = problems.filter(({ verdict }) => verdict === "refused");
    if (refused.length > 0) throw incompatible(schema, refused);
    const added = judged.filter(({ isNew, source }) => isNew && source.stores).map(({ source }) => source);
    for (const { name, encoded } of added) await insertDescriptor(tx, name, encoded);
    return { warnings: problems, added };
  });
  for (const { entityType, rule, text } of warnings) {
    logger.warn({ entityType, rule }, `entity ${entityType}: ${text}`);
  }
  for (const { name, encoded } of added) {
    logger.info({ entityType: name, message: encoded.message }, "descriptor of events stored");
  }
}

interface Judged {
  readonly source: Checked;
  readonly isNew: boolean;
  readonly problems: readonly Problem[];
}

async function judgeSource(
  sql: TransactionSql,
  source: Checked,
  stored: Awaited<ReturnType<typeof loadDescriptors>>,
): Promise<Judged> {
  const { name, event, encoded } = source;
  const own = stored.findIndex(({ digest }) => digest === encoded.digest);
  const problems = await judge(sql, name, { stored: stored.slice(own + 1), compiled: event });
  if (own === -1) return { source, isNew: true, problems };
  // What a newer version added is missing here, and that is no news to anybody (E6).
  const since = problems
    .filter(({ rule, verdict }) => verdict === "refused" || rule === "case-removed")
    .map((problem) => (problem.rule === "case-removed" ? unknownYet(problem) : problem));
  return { source, isNew: false, problems: since };
}

function unknownYet(problem: Problem): Problem {
  const { type, name, number, is } = problem;
  const text = `${type}.${name}, number ${number}, of a newer version, is ${is}. Entities that have such events are refused until that version is back.`;
  return { ...problem, verdict: "warned", text };
}

function incompatible(schema: string, problems: readonly Problem[]): SamspelError {
  const list = problems.map(
    ({ entityType, text }, index) => `\n  ${index + 1}. Entity ${entityType}: ${text}`,
  );
  return new SamspelError(
    "SAMSPEL_EVENTS_INCOMPATIBLE",
    `Cannot start on schema "${schema}", as this version would lose or misread stored events:${list.join("")}`,
    { metadata: { schema, problems: String(problems.length) } },
  );
}
