// What JetStream says to a message: stored, or why not, and what that asks for.
import type { Msg } from "nats";

export type Answer =
  /** It is stored, or was before. */
  | { readonly type: "stored"; readonly sequence: number }
  /** Somebody else took the lane. */
  | { readonly type: "fenced"; readonly reason: string }
  /** The same message will never be taken. */
  | { readonly type: "refused"; readonly reason: string }
  /** Not now: no stream, no leader, no room. */
  | { readonly type: "later"; readonly reason: string };

interface Ack {
  readonly seq?: number;
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/** "wrong last sequence", and the same where a replicated stream has another message of the subject in process. */
const fencedCodes: ReadonlySet<number> = new Set([10_071, 10_164]);
/** "message size exceeds maximum allowed" of the stream. */
const tooLarge = 10_054;
const noResponders = 503;

/** Most acks are this and no more, and are read at half the cost of JSON. */
const plainAck = /^\{"stream":"[^"\\]*","seq":(\d+)\}$/;

function latin1({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString("latin1");
}

/** Reads an ack. */
export function answerOf(message: Msg): Answer {
  if (message.headers?.code === noResponders) return { type: "later", reason: "the stream does not exist" };
  const stored = plainAck.exec(latin1(message.data));
  if (stored !== null) return { type: "stored", sequence: Number(stored[1]) };
  const { seq, error } = message.json<Ack>();
  if (error === undefined) return { type: "stored", sequence: seq ?? 0 };
  const code = error.err_code ?? 0;
  const reason = error.description ?? `error ${error.code ?? "unknown"}`;
  if (fencedCodes.has(code)) return { type: "fenced", reason };
  return { type: code === tooLarge ? "refused" : "later", reason };
}
