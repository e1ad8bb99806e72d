// Messages into the outbox, in whatever transaction somebody has: they leave once it is committed, and never before.
import type { TransactionSql } from "../postgres/index.ts";
import type { OutboxMessage } from "./outbox-message.ts";

/** Inserts messages, in their order, and has the relay woken at the commit. */
export async function insertMessages(tx: TransactionSql, messages: readonly OutboxMessage[]): Promise<void> {
  for (const { slice, stream, subject, messageId, key, headers, body, delayMs } of messages) {
    await tx`
      with inserted as (
        insert into outbox (slice, stream, subject, message_id, key, headers, body, due_at)
        values (
          ${slice}, ${stream}, ${subject}, ${messageId}, ${key}, ${headers}::text::jsonb, ${Buffer.from(body)},
          clock_timestamp() + ${delayMs ?? null}::float8 * interval '1 millisecond'
        )
      )
      select pg_notify(current_schema() || '.outbox', '')`;
  }
}
