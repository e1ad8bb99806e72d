// A place in what a group's reader was sent, as callers commit it: opaque to them.
import { randomBytes } from "node:crypto";
import { SamspelError } from "../errors/index.ts";

/** The number of a message among those that a reader was sent. */
export interface GroupPosition {
  readonly reader: string;
  readonly number: number;
}

const version = 2;
const idLength = 16;
const length = 1 + idLength + 8;

/** A name that no other reader has: who knows it may commit. */
export function newReaderId(): string {
  return randomBytes(idLength).toString("hex");
}

export function formatGroupPosition({ reader, number }: GroupPosition): string {
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt8(version, 0);
  bytes.write(reader, 1, "hex");
  bytes.writeBigUInt64BE(BigInt(number), 1 + idLength);
  return bytes.toString("base64url");
}

/** @throws SAMSPEL_INVALID_REQUEST for what is none of ours. */
export function parseGroupPosition(text: string): GroupPosition {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length === length && bytes.toString("base64url") === text && bytes.readUInt8(0) === version) {
    const number = Number(bytes.readBigUInt64BE(1 + idLength));
    if (Number.isSafeInteger(number)) return { reader: bytes.toString("hex", 1, 1 + idLength), number };
  }
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `position must be of an envelope that was read with a group: current value is "${text.slice(0, 100)}"`,
    { metadata: { field: "position" } },
  );
}
