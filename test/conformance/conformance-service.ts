// The service of connectrpc's conformance suite: its handlers answer as each request asks them to.
import { setTimeout as delay } from "node:timers/promises";
import { create, type Message } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  ConformancePayload_RequestInfoSchema,
  type ConformanceService,
  type Error as ErrorDefinition,
  type Header,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  type StreamResponseDefinition,
  type UnaryResponseDefinition,
  UnaryRequestSchema,
} from "../gen/connectrpc/conformance/v1/service_pb.ts";

/** The deadline of calls that come without one; the suite must not see it. */
export const noTimeoutMs = 90_000_000;

type RequestInfo = MessageShape<typeof ConformancePayload_RequestInfoSchema>;
type Payload = { readonly data?: Uint8Array; readonly requestInfo?: RequestInfo };

export const conformanceImpl: ServiceImpl<typeof ConformanceService> = {
  async unary(request, context) {
    const info = requestInfo(context, [pack(UnaryRequestSchema, request)]);
    return { payload: await answer(request.responseDefinition, info, context) };
  },

  async idempotentUnary(request, context) {
    const info = requestInfo(context, [pack(IdempotentUnaryRequestSchema, request)]);
    return { payload: await answer(request.responseDefinition, info, context) };
  },

  async clientStream(requests, context) {
    const seen: Any[] = [];
    let definition: UnaryResponseDefinition | undefined;
    for await (const request of requests) {
      if (seen.length === 0) definition = request.responseDefinition;
      seen.push(pack(ClientStreamRequestSchema, request));
    }
    return { payload: await answer(definition, requestInfo(context, seen), context) };
  },

  async *serverStream(request, context) {
    const definition = request.responseDefinition;
    const info = requestInfo(context, [pack(ServerStreamRequestSchema, request)]);
    setMetadata(definition, context);
    yield* answers(definition, info, 0);
  },

  async *bidiStream(requests, context) {
    let definition: StreamResponseDefinition | undefined;
    let isFullDuplex = false;
    let isFirst = true;
    let sent = 0;
    let seen: Any[] = [];
    for await (const request of requests) {
      if (isFirst) {
        definition = request.responseDefinition;
        isFullDuplex = request.fullDuplex;
        isFirst = false;
        setMetadata(definition, context);
      }
      seen.push(pack(BidiStreamRequestSchema, request));
      if (!isFullDuplex) continue;
      const data = definition?.responseData[sent];
      if (definition === undefined || data === undefined) break;
      await delay(definition.responseDelayMs);
      // Only the first answer tells of the headers; each tells of the requests since the last one.
      const info =
        sent === 0
          ? requestInfo(context, seen)
          : create(ConformancePayload_RequestInfoSchema, { requests: seen });
      yield { payload: { data, requestInfo: info } };
      sent += 1;
      seen = [];
    }
    yield* answers(definition, requestInfo(context, seen), sent);
  },

  unimplemented() {
    throw new ConnectError("unimplemented", Code.Unimplemented);
  },
};

async function answer(
  definition: UnaryResponseDefinition | undefined,
  info: RequestInfo,
  context: HandlerContext,
): Promise<Payload> {
  setMetadata(definition, context);
  if (definition === undefined) return { requestInfo: info };
  await delay(definition.responseDelayMs);
  if (definition.response.case === "error") throw errorOf(definition.response.value, info);
  return { data: definition.response.value ?? new Uint8Array(), requestInfo: info };
}

/** The answers from the given one on, and the error at their end. */
async function* answers(
  definition: StreamResponseDefinition | undefined,
  info: RequestInfo,
  from: number,
): AsyncGenerator<{ payload: Payload }> {
  if (definition === undefined) return;
  for (const [index, data] of definition.responseData.entries()) {
    if (index < from) continue;
    await delay(definition.responseDelayMs);
    yield { payload: index === 0 ? { data, requestInfo: info } : { data } };
  }
  if (definition.error === undefined) return;
  throw errorOf(definition.error, definition.responseData.length === 0 ? info : undefined);
}

function errorOf({ code, message, details }: ErrorDefinition, info: RequestInfo | undefined): ConnectError {
  const error = new ConnectError(message ?? "", Number(code));
  error.details = details.map(({ typeUrl, value }) => ({
    type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
    value,
  }));
  if (info !== undefined) error.details.push({ desc: ConformancePayload_RequestInfoSchema, value: info });
  return error;
}

function requestInfo(context: HandlerContext, requests: Any[]): RequestInfo {
  const timeoutMs = context.timeoutMs();
  const query = new URL(context.url).searchParams;
  return create(ConformancePayload_RequestInfoSchema, {
    requestHeaders: Array.from(context.requestHeader, ([name, value]) => ({ name, value: [value] })),
    requests,
    ...(timeoutMs === undefined || timeoutMs > noTimeoutMs / 2
      ? {}
      : { timeoutMs: BigInt(Math.round(timeoutMs)) }),
    ...(context.requestMethod === "GET"
      ? { connectGetInfo: { queryParams: Array.from(query, ([name, value]) => ({ name, value: [value] })) } }
      : {}),
  });
}

interface Metadata {
  readonly responseHeaders: readonly Header[];
  readonly responseTrailers: readonly Header[];
}

function setMetadata(definition: Metadata | undefined, context: HandlerContext): void {
  append(definition?.responseHeaders, context.responseHeader);
  append(definition?.responseTrailers, context.responseTrailer);
}

function append(headers: readonly Header[] = [], to: Headers): void {
  for (const { name, value } of headers) for (const one of value) to.append(name, one);
}

function pack<D extends DescMessage>(schema: D, message: MessageShape<D> & Message): Any {
  return anyPack(schema, message);
}
