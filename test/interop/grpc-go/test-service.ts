// gRPC's TestService, as the descriptions of the interop cases want it of a server.
import { setTimeout as delay } from "node:timers/promises";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type {
  EchoStatus,
  SimpleRequest,
  SimpleResponseSchema,
  StreamingOutputCallRequest,
  StreamingOutputCallResponseSchema,
  TestService,
} from "../../gen/grpc/testing/test_pb.ts";

/** What the service says back of a request's metadata. */
export const initialKey = "x-grpc-test-echo-initial";
export const trailingKey = "x-grpc-test-echo-trailing-bin";

export const testServiceImpl: ServiceImpl<typeof TestService> = {
  emptyCall: () => ({}),
  unaryCall: answer,
  cacheableUnaryCall: answer,
  streamingOutputCall: (request) => answersTo(request),
  async streamingInputCall(requests) {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  },
  async *fullDuplexCall(requests, context) {
    echoMetadata(context);
    for await (const request of requests) yield* answersTo(request);
  },
  async *halfDuplexCall(requests) {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* answersTo(request);
  },
  unimplementedCall() {
    throw new ConnectError("no server has it", Code.Unimplemented);
  },
};

function answer(
  { responseSize, responseStatus }: SimpleRequest,
  context: HandlerContext,
): MessageInitShape<typeof SimpleResponseSchema> {
  echoMetadata(context);
  refuseWith(responseStatus);
  return { payload: { body: new Uint8Array(responseSize) } };
}

async function* answersTo({
  responseParameters,
  responseStatus,
}: StreamingOutputCallRequest): AsyncGenerator<MessageInitShape<typeof StreamingOutputCallResponseSchema>> {
  refuseWith(responseStatus);
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await delay(intervalUs / 1_000);
    yield { payload: { body: new Uint8Array(size) } };
  }
}

function refuseWith(status: EchoStatus | undefined): void {
  if (status !== undefined && status.code !== 0) throw new ConnectError(status.message, status.code);
}

function echoMetadata({ requestHeader, responseHeader, responseTrailer }: HandlerContext): void {
  const initial = requestHeader.get(initialKey);
  if (initial !== null) responseHeader.set(initialKey, initial);
  const trailing = requestHeader.get(trailingKey);
  if (trailing !== null) responseTrailer.set(trailingKey, trailing);
}
