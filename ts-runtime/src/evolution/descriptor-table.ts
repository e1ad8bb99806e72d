// The table of stored descriptors, and the events that speak for a case.
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { SamspelError } from "../errors/index.ts";
import type { Sql, TransactionSql } from "../postgres/index.ts";
import { decodeDescriptor, type EncodedDescriptor } from "./descriptor-set.ts";

/** A descriptor that some version of the service stored. */
export interface StoredDescriptor {
  readonly entityType: string;
  readonly digest: string;
  readonly message: DescMessage;
}

/** The digests that were stored last, by entity type. */
export async function newestDigests(
  sql: Sql,
  entityTypes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ entity_type: string; digest: string }[]>`
    select distinct on (entity_type) entity_type, digest from descriptor
    where entity_type = any(${[...entityTypes]}) order by entity_type, number desc`;
  return new Map(rows.map((row) => [row.entity_type, row.digest]));
}

/** All descriptors, or those of some entity types, in the order in which they were stored. */
export async function loadDescriptors(
  sql: Sql | TransactionSql,
  entityTypes?: readonly string[],
): Promise<readonly StoredDescriptor[]> {
  const rows = await sql<
    { entity_type: string; digest: string; message: string; file_descriptor_set: Uint8Array }[]
  >`
    select entity_type, digest, message, file_descriptor_set from descriptor
    ${entityTypes === undefined ? sql`` : sql`where entity_type = any(${[...entityTypes]})`} order by number`;
  return rows.map(({ entity_type: entityType, digest, message, file_descriptor_set: bytes }) => {
    const decoded = decodeDescriptor(bytes, message);
    if (decoded !== undefined) return { entityType, digest, message: decoded };
    throw new SamspelError(
      "SAMSPEL_JOURNAL_CORRUPT",
      `Cannot read the stored descriptor ${digest} of entity ${entityType}: it lacks the message ${message}`,
    );
  });
}

export async function insertDescriptor(
  sql: TransactionSql,
  entityType: string,
  { digest, message, bytes }: EncodedDescriptor,
): Promise<void> {
  await sql`
    insert into descriptor (entity_type, digest, message, file_descriptor_set)
    values (${entityType}, ${digest}, ${message}, ${bytes})`;
}

/** Some events of a case, and how many there are; it counts to 1,000. */
export interface StoredCase {
  readonly count: number;
  readonly entityId: string;
  readonly revision: bigint;
}

export const countedCases = 1_000;

/**
 * Looks for events of a case: its tag is the first of the payload. There is no index for that, so where there is none of
 * the case, all events of the type are passed over: 1.4 s for a million on two busy cores. Only who removed a case asks.
 */
export async function findCase(
  sql: Sql | TransactionSql,
  entityType: string,
  number: number,
): Promise<StoredCase | undefined> {
  const tag = new BinaryWriter().tag(number, WireType.LengthDelimited).finish();
  const group = new BinaryWriter().tag(number, WireType.StartGroup).finish();
  const [row] = await sql<{ count: number; entity_id: string; revision: bigint }[]>`
    select count(*) over ()::int as count, entity_id, revision from (
      select entity_id, revision from event
      where entity_type = ${entityType}
        and substring(payload from 1 for ${tag.length}) in (${tag}, ${group})
      limit ${countedCases}
    ) found limit 1`;
  return row && { count: row.count, entityId: row.entity_id, revision: row.revision };
}
