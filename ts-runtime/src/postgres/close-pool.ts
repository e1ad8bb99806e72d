// Closing the pool without waiting for the dead. The driver (3.4.9) takes a connection that was cut in the middle of a
// query for busy until it is connected again, and `end` waits for it until its time is over.
import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "./database.ts";

export interface PoolState {
  readonly maxConnections: number;
  /** Whether a connection ended that nobody had asked to. */
  cut: boolean;
}

const reviveForMs = 500;
const endTimeoutSeconds = 2;

/** Lets what runs end, for 2 s at the most, and closes all connections. */
export async function closePool(sql: Sql, { cut, maxConnections }: PoolState): Promise<void> {
  if (cut) {
    // A query each goes to the closed connections first, which connects them and ends the misunderstanding.
    const revived = Promise.allSettled(Array.from({ length: maxConnections }, () => sql`select`));
    await Promise.race([revived, sleep(reviveForMs, undefined, { ref: false })]);
  }
  await sql.end({ timeout: endTimeoutSeconds });
}
