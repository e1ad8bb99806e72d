// A span for each call that is answered (A3), where anybody wants spans: the outermost interceptor, or by who answers gRPC.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Interceptor } from "@connectrpc/connect";
import {
  activeTrace,
  extractTrace,
  failureOf,
  type Carrier,
  type RunningSpan,
  type SpanAttributes,
  type Tracing,
} from "../telemetry/index.ts";

/** By the conventions, errors of the server; all others are the caller's. */
const ownFailures: ReadonlySet<Code> = new Set([
  Code.Unknown,
  Code.DeadlineExceeded,
  Code.Unimplemented,
  Code.Internal,
  Code.Unavailable,
  Code.DataLoss,
]);

/** What tools ask all the time: the registry's checks, and the dashboard. */
const unseen = /^(grpc\.|samspel\.v1\.(Backoffice|Inspection)Service$)/;

export function createServerSpans(tracing: Tracing): Interceptor {
  return (next) => async (request) => {
    const span = startServerSpan(tracing, request.method, request.header);
    if (span === undefined) return next(request);
    try {
      const response = await span.within(() => next(request));
      if (response.stream) return { ...response, message: spanned(response.message, span) };
      endServerSpan(span, undefined);
      return response;
    } catch (error) {
      endServerSpan(span, error);
      throw error;
    }
  };
}

/** Undefined for a method that nobody wants to see. */
export function startServerSpan(
  tracing: Tracing,
  method: DescMethod,
  headers: Carrier,
): RunningSpan | undefined {
  if (unseen.test(method.parent.typeName)) return undefined;
  // Active already: an instrumentation of HTTP was here before us.
  const parent = activeTrace() ?? extractTrace(headers);
  return tracing.start({ type: "server", name: nameOf(method), attributes: attributesOf(method), parent });
}

/** The answers of a stream, each made within the span, which ends with the last one. */
async function* spanned<T>(messages: AsyncIterable<T>, span: RunningSpan): AsyncGenerator<T> {
  const iterator = messages[Symbol.asyncIterator]();
  let failure: unknown = new ConnectError("the caller has gone", Code.Canceled);
  try {
    for (;;) {
      const next = await span.within(() => iterator.next());
      if (next.done === true) {
        failure = undefined;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    endServerSpan(span, failure);
    await iterator.return?.();
  }
}

/** @param error undefined for a call that went well. */
export function endServerSpan(span: RunningSpan, error: unknown): void {
  const code = error === undefined ? 0 : ConnectError.from(error).code;
  span.set({ "rpc.grpc.status_code": code });
  if (error !== undefined) {
    const { message } = failureOf(error);
    const type = typeOf(error, code);
    if (code !== 0 && ownFailures.has(code)) span.fail(type, message);
    else span.set({ "error.type": type });
  }
  span.end();
}

function typeOf(error: unknown, code: number): string {
  const { type } = failureOf(error);
  return type === "ConnectError" || type === String(code) ? (Code[code] ?? type) : type;
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}

function attributesOf(method: DescMethod): SpanAttributes {
  return { "rpc.system": "grpc", "rpc.service": method.parent.typeName, "rpc.method": method.name };
}
