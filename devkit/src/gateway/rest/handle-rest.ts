// A REST call from its first byte to its last.
import type { Transport } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import { trailerMux } from "@connectrpc/connect/protocol-connect";
import { toConnectError, type NodeRequest, type NodeResponse } from "@samspel/runtime/proxy";
import type { Admission } from "../admission/index.ts";
import { deadlineOf, parseConnectTimeout, parseGrpcTimeout, type Deadlines } from "../http/deadline.ts";
import type { Incoming } from "../http/incoming.ts";
import { headersToCaller, headersToService, toHeaders } from "../http/pass-headers.ts";
import { readBody } from "../http/read-body.ts";
import { codeName } from "../http/status.ts";
import type { RestBinding } from "./binding.ts";
import { readRequest } from "./read-request.ts";
import { RestError, restFailure } from "./rest-error.ts";
import type { PathMatch } from "./route-tree.ts";
import {
  asWriter,
  jsonOf,
  writeEvents,
  writeJson,
  writeLines,
  writeMessage,
  type Writer,
} from "./write-response.ts";

export interface RestOptions extends Deadlines {
  readonly transport: Transport;
  readonly admission: Admission;
  readonly maxMessageBytes: number;
  readonly emitDefaults: boolean;
  readonly shutdown: AbortSignal;
}

export interface Exchange {
  readonly request: NodeRequest;
  readonly response: NodeResponse;
}

export async function handleRest(
  incoming: Incoming,
  { route: binding, values }: PathMatch<RestBinding>,
  { request, response }: Exchange,
  options: RestOptions,
): Promise<void> {
  const writer = asWriter(response);
  const left = new AbortController();
  writer.once("close", () => left.abort(new ConnectError("the caller has gone", Code.Canceled)));
  try {
    await options.admission.admit(incoming, binding.method);
    const body = await readBody(request, options.maxMessageBytes);
    if (body === undefined) {
      throw new RestError(
        413,
        Code.ResourceExhausted,
        `the body is larger than ${options.maxMessageBytes} bytes, which are the most that is taken`,
      );
    }
    const message = readRequest({
      binding,
      values,
      query: new URLSearchParams(queryOf(request.url ?? "")),
      contentType: request.headers["content-type"],
      body,
    });
    const signal = AbortSignal.any([left.signal, options.shutdown]);
    const call: RestCall = { incoming, binding, message, signal, writer, options };
    await (binding.method.methodKind === "unary" ? callUnary(call) : callStream(call));
  } catch (error) {
    const seen = error instanceof RestError ? error : toConnectError(error);
    incoming.outcome.code = codeName(seen.code);
    writeFailure(writer, seen, binding.types);
  }
}

/** Nobody hears of it where the answer has begun. */
export function writeFailure(
  writer: Writer,
  error: RestError | ConnectError,
  types?: RestBinding["types"],
): void {
  if (writer.headersSent || writer.destroyed) return;
  const { httpStatus, headers, body } = restFailure(error, types);
  for (const [name, value] of Object.entries(headers)) writer.setHeader(name, value);
  writeJson(writer, httpStatus, body);
}

interface RestCall {
  readonly incoming: Incoming;
  readonly binding: RestBinding;
  readonly message: object;
  readonly signal: AbortSignal;
  readonly writer: Writer;
  readonly options: RestOptions;
}

async function callUnary({ incoming, binding, message, signal, writer, options }: RestCall): Promise<void> {
  const answer = await options.transport.unary(
    binding.method as Parameters<Transport["unary"]>[0],
    signal,
    timeoutOf(incoming, false, options),
    headersOf(incoming, options),
    message as Parameters<Transport["unary"]>[4],
  );
  incoming.outcome.code = "ok";
  passHeaders(trailerMux(answer.header, answer.trailer), writer);
  writeMessage(writer, binding, answer.message, options);
}

async function callStream({ incoming, binding, message, signal, writer, options }: RestCall): Promise<void> {
  const answer = await options.transport.stream(
    binding.method as Parameters<Transport["stream"]>[0],
    signal,
    timeoutOf(incoming, true, options),
    headersOf(incoming, options),
    one(message) as Parameters<Transport["stream"]>[4],
  );
  const messages = answer.message[Symbol.asyncIterator]();
  // A failure before the first message still has an HTTP status.
  let next = await messages.next();
  passHeaders(answer.header, writer);
  const isForEvents = incoming.headers.accept?.includes("text/event-stream") === true;
  const events = isForEvents ? writeEvents(writer) : writeLines(writer);
  try {
    for (; next.done !== true; next = await messages.next()) {
      await events.message(jsonOf(binding, next.value, options));
      signal.throwIfAborted();
    }
    incoming.outcome.code = "ok";
    events.end(undefined);
  } catch (error) {
    const seen = toConnectError(error);
    incoming.outcome.code = codeName(seen.code);
    events.end(restFailure(seen, binding.types).body);
  }
}

function timeoutOf({ headers }: Incoming, isStream: boolean, options: RestOptions): number {
  const asked =
    parseConnectTimeout(textOf(headers["connect-timeout-ms"])) ??
    parseGrpcTimeout(textOf(headers["grpc-timeout"]));
  // Connect reads 0 as "no deadline".
  return deadlineOf(asked, isStream, options) ?? 0;
}

function headersOf(incoming: Incoming, { admission: { endsTokens } }: RestOptions): Headers {
  return toHeaders(headersToService(incoming, { withProtocol: false, endsTokens }));
}

function passHeaders(headers: Headers, writer: Writer): void {
  const passed = headersToCaller(Object.fromEntries(headers));
  for (const [name, value] of Object.entries(passed)) {
    if (!/^(trailer-)?(grpc-|content-)/.test(name)) writer.setHeader(name, value);
  }
}

function queryOf(url: string): string {
  const start = url.indexOf("?");
  return start === -1 ? "" : url.slice(start + 1);
}

function textOf(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

async function* one(message: object): AsyncGenerator<object> {
  yield message;
}
