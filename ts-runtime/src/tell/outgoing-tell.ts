// A tell on its way: what is stored of it, in JetStream or in the sender's own Postgres.
//
// Invariants:
//   O1. The message id is of method, key and id, as an id counts for one method and one key: two tells that share an
//       id by chance, or as both are of one order, are never taken for one.
//   O2. All headers travel as printable ASCII, so that none breaks out of its line.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { encode } from "../codec/index.ts";
import { keyOf, sliceOf, type TellableMethod } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { OutboxMessage } from "../journal/index.ts";
import { encodeValue } from "../topic/index.ts";
import { nameOf, tellStream, tellSubject, type TellIdentity } from "./address.ts";

/** A tell as it is stored; without the topic prefix. */
export interface OutgoingTell {
  readonly identity: TellIdentity;
  readonly stream: string;
  readonly subject: string;
  /** What JetStream knows it again by. */
  readonly messageId: string;
  /** Encoded; without the message id. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface TellDetails {
  readonly id: string;
  /** Who tells: the service's name. */
  readonly source: string;
  /** Of the user and of the trace; what the toolkit says itself cannot be replaced. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** NATS takes 1 MiB with the headers, by default. */
const maxBytes = 1024 * 1024 - 8 * 1024;
const headerName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const reservedName = /^(ce-|nats-|samspel-|content-type$)/i;

/**
 * Makes a tell of a request.
 * @throws SAMSPEL_TELL_TOO_LARGE for more than 1 MiB less 8 KiB; TypeError for a header's name that cannot be.
 */
export function makeTell(
  { method, keyField }: TellableMethod,
  request: Message,
  details: TellDetails,
): OutgoingTell {
  const { id, source } = details;
  const service = method.parent.typeName;
  const ownKey = keyField === undefined ? "" : keyOf(keyField, request);
  const key = ownKey === "" ? id : ownKey;
  const headers = ownHeaders(details.headers);
  const encodedKey = encodeValue(key);
  headers["ce-specversion"] = "1.0";
  headers["ce-id"] = encodeValue(id);
  headers["ce-source"] = `/samspel/${encodeValue(source)}`;
  headers["ce-type"] = method.input.typeName;
  headers["ce-time"] = new Date().toISOString();
  headers["ce-partitionkey"] = encodedKey;
  headers["content-type"] = "application/protobuf";
  headers["samspel-method"] = method.name;
  const body = encode(method.input, request);
  requireSize(nameOf(method), body, headers);
  return {
    identity: { service, method: method.name, key, id },
    stream: tellStream(service),
    subject: tellSubject(service, key),
    messageId: messageIdOf(method.name, encodedKey, headers["ce-id"]),
    headers,
    body,
  };
}

/** The method has no slash, and the key none that is left: so the three parts are told apart. */
function messageIdOf(method: string, encodedKey: string, encodedId: string): string {
  const key = encodedKey.includes("/") ? encodedKey.replaceAll("/", "%2F") : encodedKey;
  return `${method}/${key}/${encodedId}`;
}

function ownHeaders(given: TellDetails["headers"]): Record<string, string> {
  const headers: Record<string, string> = {};
  if (given === undefined) return headers;
  for (const [name, value] of Object.entries(given)) {
    if (!headerName.test(name))
      throw new TypeError(`A tell cannot have a header of the name ${JSON.stringify(name)}`);
    if (!reservedName.test(name)) headers[name.toLowerCase()] = encodeValue(value);
  }
  return headers;
}

function requireSize(name: string, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
  let bytes = body.length;
  for (const key in headers) bytes += key.length + (headers[key]?.length ?? 0) + 4;
  if (bytes <= maxBytes) return;
  throw new SamspelError(
    "SAMSPEL_TELL_TOO_LARGE",
    `Cannot tell ${name} as its request and headers must have at most ${maxBytes} bytes: they have ${bytes}; keep what is large elsewhere, and its name in the request`,
    { metadata: { limit: String(maxBytes), bytes: String(bytes) } },
  );
}

/** A tell as a row of the outbox. */
export function outboxMessage(tell: OutgoingTell, delayMs: number | undefined): OutboxMessage {
  const { stream, subject, messageId, headers, body } = tell;
  const { key } = tell.identity;
  return {
    slice: sliceOf(key),
    stream,
    subject,
    messageId,
    key,
    headers: JSON.stringify(headers),
    body,
    delayMs,
  };
}

const maxDelayMs = 100 * 365.25 * 24 * 60 * 60 * 1_000;

/**
 * A delay that can be; undefined for none.
 * @throws RangeError that names the method.
 */
export function requireDelay(method: DescMethod, delayMs: number | undefined): number | undefined {
  if (delayMs === undefined || delayMs === 0) return undefined;
  if (delayMs > 0 && delayMs <= maxDelayMs) return delayMs;
  throw new RangeError(
    `delayMs of a tell of ${nameOf(method)} must be 0 to ${maxDelayMs}, which is 100 years: current value is ${delayMs}`,
  );
}
