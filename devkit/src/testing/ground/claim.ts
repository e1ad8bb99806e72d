// The name under which a system keeps what it makes in shared infra, and proof that the system is alive.
//
//   C1. A system holds a session lock of Postgres on its name, on a connection of its own, from before anything bears the
//       name until everything is removed. However its process ends, the lock goes. Where the connection breaks, the lock is
//       taken again within 30 s.
//   C2. What a dead system left behind is removed by the next one: only under the lock, and only where the name is two
//       minutes old by the database's clock.
import { randomBytes } from "node:crypto";
import postgres, { type Sql } from "postgres";

const minAgeMs = 120_000;
const lookEveryMs = 30_000;
const prefix = "samspel_system_";
const idPattern = /^samspel_system_(\d{14})_[0-9a-f]{8}$/;

export interface Claim {
  /** Such as `samspel_system_20261231235959_0a1b2c3d`: the name of its database. */
  readonly id: string;
  /** The connection that holds the lock, to the database that the systems share. */
  readonly sql: Sql;
  release(): Promise<void>;
}

/** Claims a new name. @throws Error that says where Postgres was looked for, and why that failed. */
export async function claimSystem(databaseUrl: string): Promise<Claim> {
  const sql = postgres(databaseUrl, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connection: { application_name: "samspel test system" },
    onnotice: () => {},
  });
  try {
    const [row] = await sql<{ stamp: string }[]>`
      select to_char(clock_timestamp() at time zone 'utc', 'YYYYMMDDHH24MISS') as stamp`;
    const id = `${prefix}${row?.stamp}_${randomBytes(4).toString("hex")}`;
    const lock = async (): Promise<void> =>
      void (await sql`select pg_try_advisory_lock(hashtextextended(${id}, 0))`);
    await lock();
    const timer = setInterval(() => void lock().catch(() => {}), lookEveryMs).unref();
    return {
      id,
      sql,
      async release() {
        clearInterval(timer);
        await sql.end({ timeout: 5 });
      },
    };
  } catch (cause) {
    await sql.end({ timeout: 0 });
    throw cause;
  }
}

/** The system that a database or a stream belongs to; undefined for what is no system's. */
export function systemOf(name: string): string | undefined {
  const id = name.replaceAll("-", "_").slice(0, prefix.length + 14 + 1 + 8);
  return idPattern.test(id) ? id : undefined;
}

/** Which of these systems are dead. Each one's lock is held until `claim` is released, so that nobody else removes it. */
export async function deadAmong(
  { id: own, sql }: Claim,
  ids: Iterable<string>,
  ageMs: number = minAgeMs,
): Promise<readonly string[]> {
  const dead: string[] = [];
  for (const id of new Set(ids)) {
    const stamp = idPattern.exec(id)?.[1];
    if (stamp === undefined || id === own) continue;
    const [row] = await sql<{ dead: boolean }[]>`
      select case
        when clock_timestamp() at time zone 'utc' - to_timestamp(${stamp}, 'YYYYMMDDHH24MISS')::timestamp
          < ${ageMs} * interval '1 millisecond' then false
        else pg_try_advisory_lock(hashtextextended(${id}, 0))
      end as dead`;
    if (row?.dead === true) dead.push(id);
  }
  return dead;
}
