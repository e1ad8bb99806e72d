// The calls that the conformance suite asks a client for, of each kind.
import { EventEmitter, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { create, createRegistry, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { AnySchema, anyUnpack, type Any } from "@bufbuild/protobuf/wkt";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  type ClientCompatRequest,
  type ClientResponseResult,
  ClientResponseResultSchema,
} from "../gen/connectrpc/conformance/v1/client_compat_pb.ts";
import { Code as SuiteCode, StreamType } from "../gen/connectrpc/conformance/v1/config_pb.ts";
import {
  type ConformancePayload,
  ConformancePayloadSchema,
  ConformanceService,
  type Error as ErrorDefinition,
  ErrorSchema,
  file_connectrpc_conformance_v1_service,
} from "../gen/connectrpc/conformance/v1/service_pb.ts";

type Result = MessageInitShape<typeof ClientResponseResultSchema>;

const registry = createRegistry(file_connectrpc_conformance_v1_service);

/** Makes the call; whatever comes of it is a result. */
export async function runCall(
  transport: Transport,
  asked: ClientCompatRequest,
): Promise<ClientResponseResult> {
  const method = ConformanceService.methods.find(({ name }) => name === asked.method);
  if (method === undefined) throw new Error(`no method ${asked.method}`);
  const payloads: ConformancePayload[] = [];
  const result: Result = { payloads };
  const controller = new AbortController();
  const timing = asked.cancel?.cancelTiming;
  const cancelAfter = timing?.case === "afterNumResponses" ? timing.value : undefined;
  const cancelAfterClose =
    asked.cancel === undefined || timing?.case === "beforeCloseSend" || cancelAfter !== undefined
      ? undefined
      : timing?.case === "afterCloseSendMs"
        ? timing.value
        : 0;
  const onSaid = (): void => {
    if (cancelAfterClose !== undefined) setTimeout(() => controller.abort(), cancelAfterClose);
  };
  const headers = new Headers();
  for (const { name, value } of asked.requestHeaders) for (const one of value) headers.append(name, one);
  const requests = asked.requestMessages.map(unpack);
  const take = ({ payload }: { readonly payload?: ConformancePayload | undefined }): void => {
    payloads.push(payload ?? create(ConformancePayloadSchema));
  };
  try {
    if (method.methodKind === "unary") {
      const [request] = requests;
      if (request === undefined) throw new Error("no request");
      await delay(asked.requestDelayMs);
      onSaid();
      const response = await transport.unary(
        method as typeof ConformanceService.method.unary,
        controller.signal,
        asked.timeoutMs,
        headers,
        request as MessageInitShape<typeof ConformanceService.method.unary.input>,
      );
      take(response.message);
      result.responseHeaders = listed(response.header);
      result.responseTrailers = listed(response.trailer);
      return create(ClientResponseResultSchema, result);
    }
    const gate = duplex(asked, requests, onSaid, () => controller.abort());
    if (method.methodKind === "client_streaming") {
      // How many answers there may be, Connect's client knows.
      const answer = await createClient(ConformanceService, transport).clientStream(
        gate.requests as AsyncIterable<MessageInitShape<typeof ConformanceService.method.clientStream.input>>,
        {
          signal: controller.signal,
          headers,
          ...(asked.timeoutMs === undefined ? {} : { timeoutMs: asked.timeoutMs }),
          onHeader: (header) => (result.responseHeaders = listed(header)),
          onTrailer: (trailer) => (result.responseTrailers = listed(trailer)),
        },
      );
      take(answer);
      return create(ClientResponseResultSchema, result);
    }
    const response = await transport.stream(
      method as typeof ConformanceService.method.bidiStream,
      controller.signal,
      asked.timeoutMs,
      headers,
      gate.requests as AsyncIterable<MessageInitShape<typeof ConformanceService.method.bidiStream.input>>,
    );
    result.responseHeaders = listed(response.header);
    for await (const message of response.message) {
      take(message);
      gate.onAnswer();
      if (payloads.length === cancelAfter) controller.abort();
    }
    result.responseTrailers = listed(response.trailer);
  } catch (error) {
    const failure = ConnectError.from(error);
    result.error = toError(failure);
    // Of a failed call, all that came is in one place.
    result.responseHeaders ??= listed(failure.metadata);
    result.responseTrailers = listed(failure.metadata);
  }
  return create(ClientResponseResultSchema, result);
}

/** The requests one after the other; of a full duplex stream, each after the answer to the one before. */
function duplex(
  asked: ClientCompatRequest,
  all: readonly Message[],
  onSaid: () => void,
  cancel: () => void,
): { readonly requests: AsyncIterable<Message>; onAnswer(): void } {
  let answered = 0;
  const answers = new EventEmitter();
  const isFullDuplex = asked.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM;
  return {
    onAnswer() {
      answered++;
      answers.emit("answer");
    },
    requests: (async function* () {
      for (const [index, request] of all.entries()) {
        await delay(asked.requestDelayMs);
        yield request;
        if (isFullDuplex && answered <= index) await once(answers, "answer");
      }
      if (asked.cancel?.cancelTiming.case === "beforeCloseSend") {
        cancel();
        await new Promise(() => {});
      }
      onSaid();
    })(),
  };
}

function unpack(any: Any): Message {
  const message = anyUnpack(any, registry);
  if (message === undefined) throw new Error(`cannot unpack ${any.typeUrl}`);
  return message;
}

function listed(headers: Headers): { name: string; value: string[] }[] {
  return Array.from(headers, ([name, value]) => ({ name, value: [value] }));
}

/** The suite numbers codes as gRPC does. */
const codes: ReadonlyMap<number, SuiteCode> = new Map(Object.values(SuiteCode).map((code) => [code, code]));

function toError({ code, rawMessage, details }: ConnectError): ErrorDefinition {
  return create(ErrorSchema, {
    code: codes.get(code) ?? SuiteCode.UNSPECIFIED,
    message: rawMessage,
    details: details.flatMap((detail) =>
      "type" in detail
        ? [create(AnySchema, { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value })]
        : [],
    ),
  });
}
