// What leaves with an append.

/** A row of the outbox: what is to be published once the append is committed. */
export interface OutboxMessage {
  /** Of its key: who relays slices relays it. */
  readonly slice: number;
  /** Without the topic prefix, as the subject. */
  readonly stream: string;
  readonly subject: string;
  readonly messageId: string;
  readonly key: string;
  /** As JSON. */
  readonly headers: string;
  readonly body: Uint8Array;
  /** How long it waits after the append, by the database's clock. Default: not at all. */
  readonly delayMs?: number | undefined;
}
