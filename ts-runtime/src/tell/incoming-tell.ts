// A tell as it comes out of its stream, whoever sent it, in whatever language.
import type { Message } from "@bufbuild/protobuf";
import { commandIdHeader } from "../client/index.ts";
import { decode } from "../codec/index.ts";
import type { TellIdentity } from "./address.ts";
import type { ToldMethod, ToldService } from "./told-service.ts";

/** A tell that was read. */
export interface IncomingTell {
  readonly identity: TellIdentity;
  readonly told: ToldMethod;
  readonly request: Message;
  /** What the handler gets: the sender's own, the trace, and the command id. */
  readonly requestHeader: Headers;
}

/** What says nothing to a handler. */
const ownNames = /^(ce-|nats-|content-type$|samspel-)/;

/** Which tell a message is, as far as its headers say. */
export function identityOf(service: string, headers: ReadonlyMap<string, string>): TellIdentity | undefined {
  const id = headers.get("ce-id");
  const method = headers.get("samspel-method");
  if (id === undefined || method === undefined) return undefined;
  return { service, method, id, key: headers.get("ce-partitionkey") ?? id };
}

/**
 * Reads a tell.
 * @throws Error for what is none, or is of a method that this version of the service does not have.
 */
export function readTell(
  { service, methods }: ToldService,
  data: Uint8Array,
  headers: ReadonlyMap<string, string>,
): IncomingTell {
  const name = service.typeName;
  const identity = identityOf(name, headers);
  if (identity === undefined)
    throw new Error(`A message of ${name} lacks ce-id or samspel-method: it is no tell`);
  const told = methods.get(identity.method);
  if (told === undefined) {
    throw new Error(
      `${name} has no method ${identity.method} that may be told in this version of the service: deploy one that has`,
    );
  }
  const requestHeader = new Headers();
  for (const [name, value] of headers) {
    if (!ownNames.test(name)) setHeader(requestHeader, name, value);
  }
  setHeader(requestHeader, commandIdHeader, identity.id);
  return { identity, told, request: decode(told.method.input, data), requestHeader };
}

/** Headers of HTTP hold Latin-1 alone: what else a sender gave stays encoded. */
function setHeader(header: Headers, name: string, value: string): void {
  // eslint-disable-next-line no-control-regex
  header.set(name, /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value));
}
