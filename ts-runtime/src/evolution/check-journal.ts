// The check of a version that does not run yet (J6): its descriptors, as `buf build` or protoc write them, against a
// journal, which is only read. For CI, before the version starts there.
import { createFileRegistry, fromBinary, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { invalidConfiguration } from "../errors/index.ts";
import { openDatabase, type Database } from "../postgres/index.ts";
import { createLogger } from "../telemetry/index.ts";
import { loadDescriptors, type StoredDescriptor } from "./descriptor-table.ts";
import { judge } from "./judge.ts";

interface JournalCheckOptions {
  readonly databaseUrl: string;
  /** The service's schema. */
  readonly schema: string;
  /** A FileDescriptorSet with imports, as bytes. */
  readonly descriptors: Uint8Array;
  /** The entity types to check. Default: all that the journal has descriptors of. */
  readonly entities?: readonly string[];
  /** The full names of event messages that are not called as they were stored last, by entity type. */
  readonly events?: ReadonlyMap<string, string>;
}

/** What came out for one entity type. */
export interface EntityCheck {
  readonly entityType: string;
  /** The full name of the event message in the descriptors that were given. */
  readonly message: string;
  readonly problems: readonly CheckedProblem[];
}

interface CheckedProblem {
  /** See docs/reference/event-changes.md; `message-missing` where the descriptors lack the event message. */
  readonly rule: string;
  readonly verdict: "refused" | "warned";
  /** Change and fix, in words. */
  readonly text: string;
}

/**
 * Compares descriptors with all that was stored in a journal; nothing is written.
 * @throws SAMSPEL_DATABASE_UNREACHABLE; SAMSPEL_INVALID_CONFIGURATION where the descriptors cannot be read, or the
 *   schema holds none, or not of an entity type that was asked for.
 */
export async function checkJournal(options: JournalCheckOptions): Promise<readonly EntityCheck[]> {
  const { databaseUrl, schema, entities, events = new Map<string, string>() } = options;
  const registry = readDescriptors(options.descriptors);
  await using database = await openDatabase({
    url: databaseUrl,
    schema,
    maxConnections: 1,
    readOnly: true,
    logger: createLogger({ service: "samspel", level: "silent" }),
  });
  const stored = Map.groupBy(await loadAll(database), ({ entityType }) => entityType);
  for (const name of [...(entities ?? []), ...events.keys()]) {
    if (stored.has(name)) continue;
    const names = [...stored.keys()].join(", ") || "none";
    throw invalidConfiguration(`Schema "${schema}" has no descriptors of entity ${name}: it has ${names}`);
  }
  const checks: EntityCheck[] = [];
  for (const [entityType, descriptors] of stored) {
    if (entities !== undefined && !entities.includes(entityType)) continue;
    checks.push(
      await checkEntity(database, entityType, { descriptors, registry, event: events.get(entityType) }),
    );
  }
  return checks;
}

const insufficientPrivilege = "42501";

/** Says what a user lacks that was made for this check. */
async function mayRead<T>(schema: string, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === insufficientPrivilege)) throw error;
    throw invalidConfiguration(
      `Cannot read schema "${schema}": ${error.message}: the user needs usage of the schema, and select on its tables descriptor and event`,
    );
  }
}

interface EntityToCheck {
  readonly descriptors: readonly StoredDescriptor[];
  readonly registry: FileRegistry;
  readonly event: string | undefined;
}

async function checkEntity(
  { sql, schema }: Database,
  entityType: string,
  { descriptors, registry, event }: EntityToCheck,
): Promise<EntityCheck> {
  const message = event ?? descriptors.at(-1)?.message.typeName ?? "";
  const compiled = registry.getMessage(message);
  if (compiled === undefined) {
    const text = `${message} is not in the descriptors. If it was renamed, name it with --event ${entityType}=<its full name>; if the entity is no more, check the others with --entity.`;
    return { entityType, message, problems: [{ rule: "message-missing", verdict: "refused", text }] };
  }
  const problems = await mayRead(schema, judge(sql, entityType, { stored: descriptors, compiled }));
  return {
    entityType,
    message,
    problems: problems.map(({ rule, verdict, text }) => ({ rule, verdict, text })),
  };
}

async function loadAll({ sql, schema }: Database): Promise<readonly StoredDescriptor[]> {
  const [table] = await sql<{ found: boolean }[]>`select to_regclass('descriptor') is not null as found`;
  if (table?.found === true) return mayRead(schema, loadDescriptors(sql));
  throw invalidConfiguration(
    `Schema "${schema}" holds no descriptors: it must be the schema of a service with entities that ran once, which is its name with "-" made "_"`,
  );
}

function readDescriptors(bytes: Uint8Array): FileRegistry {
  try {
    return createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalidConfiguration(
      `Cannot read the descriptors: ${reason}: make them with \`buf build -o x.binpb\` or \`protoc --include_imports -o x.binpb\``,
    );
  }
}
