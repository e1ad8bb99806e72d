// What a receipt is in writing: enough to find the reply again, in any process.
import { SamspelError } from "../errors/index.ts";

/** A receipt's token, read. */
export interface TellToken {
  /** What stands for the tell in subjects. */
  readonly hash: string;
  /** When it was told, by the sender's clock. */
  readonly toldAtMs: number;
}

const pattern = /^([0-9a-z]{1,11})-([A-Za-z0-9_-]{32})$/;

/** A token as text: letters, digits, `-` and `_`. */
export function writeToken({ hash, toldAtMs }: TellToken): string {
  return `${toldAtMs.toString(36)}-${hash}`;
}

/** @throws SAMSPEL_INVALID_REQUEST for what is no token. */
export function readToken(text: string): TellToken {
  const [, time = "", hash = ""] = pattern.exec(text) ?? [];
  if (hash !== "") return { hash, toldAtMs: Number.parseInt(time, 36) };
  throw new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `A receipt's token must be what String(receipt) gave: current value is ${JSON.stringify(text.slice(0, 80))} of length ${text.length}`,
  );
}
