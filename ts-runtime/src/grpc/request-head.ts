// The head of a request: what all calls of a method have in common, once made, and what this one has of its own.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Authority } from "./carrier.ts";
import { acceptEncoding } from "./compression.ts";
import { contentType } from "./content-type.ts";
import { addHeaders, type RawFields } from "./fields.ts";
import { formatTimeout } from "./timeout.ts";

const userAgent = "grpc-node-samspel/0.0.0";

const common = new WeakMap<DescMethod, Map<string, RawFields>>();

export interface RequestHead {
  readonly headers: Headers | undefined;
  /** When the deadline is over, as `performance.now()`. */
  readonly endMs: number | undefined;
  /** What its messages may be compressed with. */
  readonly encoding: string | undefined;
}

export function requestHead(
  method: DescMethod,
  to: Authority,
  { headers, endMs, encoding }: RequestHead,
): RawFields {
  const fields = commonHead(method, to);
  if (headers === undefined && endMs === undefined && encoding === undefined) return fields;
  const head = [...fields];
  if (encoding !== undefined) head.push("grpc-encoding", encoding);
  if (headers !== undefined) addOwn(head, headers);
  if (endMs !== undefined) {
    // A header of the user's own would be a second one.
    if (headers?.has("grpc-timeout") === true) remove(head, "grpc-timeout");
    head.push("grpc-timeout", formatTimeout(Math.max(1, endMs - performance.now())));
  }
  return head;
}

function addOwn(head: string[], headers: Headers): void {
  if (headers.has("user-agent")) remove(head, "user-agent");
  addHeaders(head, headers);
}

function remove(head: string[], name: string): void {
  for (let index = 0; index < head.length; index += 2) {
    if (head[index] === name) head.splice(index, 2);
  }
}

function commonHead(method: DescMethod, { scheme, authority }: Authority): RawFields {
  let byAuthority = common.get(method);
  if (byAuthority === undefined) common.set(method, (byAuthority = new Map()));
  let head = byAuthority.get(authority);
  if (head === undefined) {
    head = [
      [":method", "POST"],
      [":scheme", scheme],
      [":authority", authority],
      [":path", `/${method.parent.typeName}/${method.name}`],
      ["content-type", contentType],
      ["te", "trailers"],
      ["grpc-accept-encoding", acceptEncoding],
      ["user-agent", userAgent],
    ].flat();
    byAuthority.set(authority, head);
  }
  return head;
}
