// What a projection's setup has made in a schema: found in the catalogue, so that it can be moved and dropped whole.
import type { TransactionSql } from "../postgres/index.ts";

/** Something in a schema, as `alter` and `drop` name it. */
export interface BuildObject {
  readonly oid: bigint;
  readonly kind: Kind;
  /** Quoted, without its schema. */
  readonly identity: string;
}

/** In the order in which they can be dropped. */
const kinds = ["view", "materialized view", "table", "foreign table", "sequence", "routine", "type"] as const;
type Kind = (typeof kinds)[number];

/** As it stands in `projection_build.objects`. */
export const objectText = ({ kind, identity }: BuildObject): string => `${kind} ${identity}`;

/** All that can be moved on its own: no index, no sequence of a column, no row type of a table. */
export async function objectsIn(sql: TransactionSql, schema: string): Promise<readonly BuildObject[]> {
  return sql<BuildObject[]>`
    select c.oid::bigint as oid, quote_ident(c.relname) as identity,
      case c.relkind when 'v' then 'view' when 'm' then 'materialized view' when 'S' then 'sequence'
        when 'f' then 'foreign table' when 'c' then 'type' else 'table' end as kind
    from pg_class c
    where c.relnamespace = to_regnamespace(quote_ident(${schema})) and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f', 'c')
      and not exists (
        select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
          and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass and c.relkind = 'S')
    union all
    select t.oid::bigint, quote_ident(t.typname), 'type' from pg_type t
    where t.typnamespace = to_regnamespace(quote_ident(${schema})) and t.typtype in ('e', 'd', 'r')
    union all
    select p.oid::bigint, quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid) || ')', 'routine'
    from pg_proc p
    where p.pronamespace = to_regnamespace(quote_ident(${schema}))
      and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i')
    order by oid`;
}

/** Moves objects to another schema: names in statements mean them from the commit on. */
export async function moveObjects(
  sql: TransactionSql,
  objects: readonly BuildObject[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  for (const { kind, identity } of objects) {
    await sql.unsafe(`alter ${kind} "${from}".${identity} set schema "${to}"`);
  }
}

/** Drops objects; what else stands on them makes it fail, as it is not the projection's to drop. */
export async function dropObjects(
  sql: TransactionSql,
  schema: string,
  objects: readonly string[],
): Promise<void> {
  for (const kind of kinds) {
    const these = objects
      .filter((object) => object.startsWith(`${kind} `))
      .map((object) => `"${schema}".${object.slice(kind.length + 1)}`);
    if (these.length > 0) await sql.unsafe(`drop ${kind} if exists ${these.join(", ")}`);
  }
}
