// What an effect says about tells: checked where it is written, so that the error stands at the line that is wrong; and
// from there to what the journal writes.
//
// Invariants:
//   T1. A tell's id is of the append that it goes with: of entity and revision, or, where no event moves the revision, of
//       the command's id; so what is relayed twice is known again. An append that is tried again is the same one (J2).
import { createHash, randomUUID } from "node:crypto";
import type { DescMethodUnary, Message } from "@bufbuild/protobuf";
import { commandId, maxCommandIdLength } from "../client/index.ts";
import { tellableMethod, type TellableMethod } from "../descriptor/index.ts";
import type { OutboxMessage } from "../journal/index.ts";
import { tracePassedOnFrom } from "../telemetry/index.ts";
import { makeTell, outboxMessage, requireDelay } from "../tell/index.ts";
import { encodeValue } from "../topic/index.ts";
import { toMessage } from "./to-message.ts";

/** How a tell goes out. */
export interface NewTell {
  /** So long after the commit, by the clock of the database: 0 to 100 years. Default: at once. */
  readonly delayMs?: number;
  /**
   * The command id that the handler gets: printable ASCII, 1 to 256 characters. Two tells of one method and key that
   * have the same are one. Default: one that is made of the entity and the revision.
   */
  readonly id?: string;
}

/** A tell, as an effect holds it. */
export interface TellIntent {
  readonly to: TellableMethod;
  readonly request: Message;
  readonly delayMs: number | undefined;
  readonly id: string | undefined;
}

/** @throws TypeError and RangeError as `Persist.tell` says. */
export function tellIntent(method: DescMethodUnary, request: object, { delayMs, id }: NewTell): TellIntent {
  const to = tellableMethod(method);
  if (id !== undefined) commandId(id);
  return { to, request: toMessage(method.input, request), delayMs: requireDelay(to.method, delayMs), id };
}

/** Whose tells they are, and with which append they go. */
export interface TellOrigin {
  /** The service's name. */
  readonly source: string;
  readonly entityType: string;
  readonly entityId: string;
  /** After the events. */
  readonly revision: bigint;
  /** Whether events move the revision. */
  readonly moves: boolean;
  readonly commandId: string | undefined;
  readonly requestHeader: Headers;
}

/** The messages of an effect's tells, for the outbox. */
export function tellMessages(origin: TellOrigin, tells: readonly TellIntent[]): readonly OutboxMessage[] {
  const { source } = origin;
  const base = baseOf(origin);
  const headers = tracePassedOnFrom(origin.requestHeader);
  return tells.map(({ to, request, delayMs, id }, index) =>
    outboxMessage(makeTell(to, request, { id: id ?? `${base}/${index + 1}`, source, headers }), delayMs),
  );
}

/** Room for what is behind it. */
const maxBaseLength = maxCommandIdLength - 16;

function baseOf({ source, entityType, entityId, revision, moves, commandId }: TellOrigin): string {
  const entity = `${source}/${entityType}/${encodeValue(entityId)}/${revision}`;
  const base = moves ? entity : `${entity}/${commandId ?? randomUUID()}`;
  if (base.length <= maxBaseLength) return base;
  return `${source}/${entityType}/${createHash("sha256").update(base).digest("base64url")}`;
}
