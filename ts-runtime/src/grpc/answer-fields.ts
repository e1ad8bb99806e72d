// The head and the trailers of an answer, with what its handler has set. Where it has set nothing, all calls share them.
import { CallContext } from "./call-context.ts";
import type { Compression } from "./compression.ts";
import { contentType } from "./content-type.ts";
import { addHeaders, type RawFields } from "./fields.ts";

export const bareHead: RawFields = [":status", "200", "content-type", contentType];

export function answerHead(context: CallContext, compression: Compression | undefined): RawFields {
  const { header } = CallContext.written(context);
  if (header === undefined && compression === undefined) return bareHead;
  const head = [...bareHead];
  if (compression !== undefined) head.push("grpc-encoding", compression.name);
  if (header !== undefined) addHeaders(head, header);
  return head;
}

export function answerTrailers(context: CallContext, status: RawFields): RawFields {
  const { trailer } = CallContext.written(context);
  if (trailer === undefined) return status;
  const trailers: string[] = [];
  addHeaders(trailers, trailer);
  return [...trailers, ...status];
}
