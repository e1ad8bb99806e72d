// The statement of the quick way, for each combination of what a group has: rows are unnested from arrays, and what a
// group lacks, or has once for all, is no array. Each array costs the
// server and this process time with every row.

/** What a group has beside its events. Each costs the server time in every statement that names it. */
export interface Kinds {
  /** Whether its entities are of several types; a single one is no column. */
  readonly types: boolean;
  /** Whether an event has metadata. */
  readonly metadata: boolean;
  readonly commands: boolean;
  readonly snapshots: boolean;
  readonly tells: boolean;
}

const kindNames = ["types", "metadata", "commands", "snapshots", "tells"] as const;

/** Numbers a statement's parameters in the order in which they are asked for. */
interface Parameters {
  readonly scalar: (type: string) => string;
  /** Its length is hidden from the planner, as in the judging statement. */
  readonly array: (type: string) => string;
}

function parametersFrom(first: number): Parameters {
  let next = first;
  return {
    scalar: (type) => `$${next++}::${type}`,
    array: (type) => `(select $${next++}::${type}[])`,
  };
}

/** The rows of one kind: whose they are, at which revision, where their bytes are, and the columns of `own`. */
function rowsOf(
  { scalar, array }: Parameters,
  { types }: Pick<Kinds, "types">,
  own: Readonly<Record<string, string>>,
): { readonly entityType: string; readonly from: string } {
  const entityType = types ? "i.entity_type" : scalar("text");
  const columns = {
    ...(types && { entity_type: "text" }),
    entity_id: "text",
    revision: "bigint",
    at: "int",
    size: "int",
    ...own,
  };
  return {
    entityType,
    from: `
    from unnest(${Object.values(columns).map(array).join(", ")}) as i (${Object.keys(columns).join(", ")})
    where (select known from server)`,
  };
}

const bytes = "substring((select bytes from sent) from i.at + 1 for i.size)";

function insertEvents(parameters: Parameters, kinds: Kinds): string {
  const { entityType, from } = rowsOf(parameters, kinds, {
    slice: "smallint",
    ...(kinds.metadata && { metadata: "text" }),
  });
  return `,
  inserted as (
    insert into event (entity_type, entity_id, revision, slice, append_id, payload${kinds.metadata ? ", metadata" : ""})
    select ${entityType}, i.entity_id, i.revision, i.slice, $3::uuid, ${bytes}${kinds.metadata ? ", i.metadata::jsonb" : ""}
    ${from}
  )`;
}

function insertCommands(parameters: Parameters, kinds: Kinds): string {
  const { entityType, from } = rowsOf(parameters, kinds, { command_id: "text" });
  return `,
  recorded as (
    insert into command (entity_type, entity_id, command_id, revision, reply)
    select ${entityType}, i.entity_id, i.command_id, i.revision, ${bytes}
    ${from}
  )`;
}

function upsertSnapshots(parameters: Parameters, kinds: Kinds): string {
  const { entityType, from } = rowsOf(parameters, kinds, { fingerprint: "text" });
  return `,
  kept as (
    insert into snapshot (entity_type, entity_id, revision, state, fingerprint)
    select ${entityType}, i.entity_id, i.revision, ${bytes}, i.fingerprint
    ${from}
    on conflict (entity_type, entity_id) do update
      set revision = excluded.revision, state = excluded.state, fingerprint = excluded.fingerprint,
        recorded_at = excluded.recorded_at
      where snapshot.revision < excluded.revision or snapshot.fingerprint <> excluded.fingerprint
  )`;
}

function insertTells({ array }: Parameters): string {
  const types = ["smallint", "text", "text", "text", "text", "int", "int", "int", "float8"];
  return `,
  relayed as (
    insert into outbox (slice, stream, subject, message_id, key, headers, body, due_at)
    select i.slice, i.stream, i.subject, i.message_id, i.key,
      convert_from(substring((select bytes from sent) from i.at + 1 for i.header_size), 'UTF8')::jsonb,
      substring((select bytes from sent) from i.at + i.header_size + 1 for i.size),
      clock_timestamp() + i.delay_ms * interval '1 millisecond'
    from unnest(${types.map(array).join(", ")})
      with ordinality as i (slice, stream, subject, message_id, key, at, header_size, size, delay_ms, ordinal)
    where (select known from server)
    order by i.ordinal
  )`;
}

function statementOf(kinds: Kinds): string {
  const parameters = parametersFrom(5);
  return `
  with server as materialized (
    select pg_postmaster_start_time()::text as since, pg_backend_pid() as pid,
      pg_postmaster_start_time()::text = $1 and pg_backend_pid() = any($2::int[]) as known
  ),
  sent as materialized (select decode($4::text, 'base64') as bytes)${insertEvents(parameters, kinds)}${kinds.commands ? insertCommands(parameters, kinds) : ""}${kinds.snapshots ? upsertSnapshots(parameters, kinds) : ""}${kinds.tells ? insertTells(parameters) : ""}
  select since, pid, known from server`;
}

/** One for each combination of kinds: a group without a kind pays nothing for it. */
const statements: readonly string[] = Array.from({ length: 2 ** kindNames.length }, (_, bits) => {
  const [types, metadata, commands, snapshots, tells] = kindNames.map((_, bit) => (bits & (1 << bit)) > 0);
  return statementOf({
    types: types === true,
    metadata: metadata === true,
    commands: commands === true,
    snapshots: snapshots === true,
    tells: tells === true,
  });
});

/** Its parameters from the fifth on are the columns of `quickParameters`. */
export function quickStatement(kinds: Kinds): string {
  const statement = statements[kindNames.reduce((bits, name, bit) => bits | (kinds[name] ? 1 << bit : 0), 0)];
  if (statement === undefined) throw new Error("The journal lacks a statement");
  return statement;
}
