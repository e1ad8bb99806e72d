// A place in a topic, as callers keep it: opaque to them, and void once the topic was made anew.
import { SamspelError } from "../errors/index.ts";

/** A place: after the message with that number, in the stream that was created then. */
export interface Position {
  /** When the stream was created, in milliseconds: another stream has another time, so its numbers mean nothing here. */
  readonly createdMs: number;
  /** The number of the last message before the place; 0 for the very beginning. */
  readonly sequence: number;
}

/** Where positions stand in the trailers of a typed method's stream. */
export const positionTrailer = "samspel-position";

const version = 1;
const length = 17;

export function formatPosition({ createdMs, sequence }: Position): string {
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt8(version, 0);
  bytes.writeBigUInt64BE(BigInt(createdMs), 1);
  bytes.writeBigUInt64BE(BigInt(sequence), 9);
  return bytes.toString("base64url");
}

/** @throws SAMSPEL_INVALID_REQUEST for what is none of ours. */
export function parsePosition(text: string): Position {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length === length && bytes.toString("base64url") === text && bytes.readUInt8(0) === version) {
    const createdMs = Number(bytes.readBigUInt64BE(1));
    const sequence = Number(bytes.readBigUInt64BE(9));
    if (Number.isSafeInteger(createdMs) && Number.isSafeInteger(sequence)) return { createdMs, sequence };
  }
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `position must be one that a stream of this topic gave: current value is "${text.slice(0, 100)}"`,
    { metadata: { field: "position" } },
  );
}
