// A span for each call that is made, with all its attempts (A3): around the routing transport, where anybody wants spans.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import {
  activeTrace,
  extractTrace,
  injectTrace,
  type RunningSpan,
  type Tracing,
} from "../telemetry/index.ts";
import { errorDetail } from "./error-detail.ts";

/** The calls of a transport as spans: children of the active one, else of the trace in the headers. */
export function withSpans(transport: Transport, tracing: Tracing): Transport {
  const begin = (method: DescMethod, headers: Headers): RunningSpan => {
    const { parent: service, name } = method;
    const span = tracing.start({
      type: "client",
      name: `${service.typeName}/${name}`,
      attributes: { "rpc.system": "grpc", "rpc.service": service.typeName, "rpc.method": name },
      parent: activeTrace() ?? extractTrace(headers),
    });
    injectTrace(span.context, headers);
    return span;
  };
  return {
    async unary(method, signal, timeoutMs, header, message, contextValues) {
      const headers = new Headers(header);
      const span = begin(method, headers);
      try {
        const response = await span.within(() =>
          transport.unary(method, signal, timeoutMs, headers, message, contextValues),
        );
        end(span, undefined);
        return response;
      } catch (error) {
        end(span, error);
        throw error;
      }
    },
    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const headers = new Headers(header);
      const span = begin(method, headers);
      try {
        const response = await span.within(() =>
          transport.stream(method, signal, timeoutMs, headers, input, contextValues),
        );
        return { ...response, message: followed(response.message, span, signal) };
      } catch (error) {
        end(span, error);
        throw error;
      }
    },
  };
}

/** The answers of a stream; the span ends with the last one, with an error, or when the caller aborts. */
function followed<T>(
  answers: AsyncIterable<T>,
  span: RunningSpan,
  signal: AbortSignal | undefined,
): AsyncIterable<T> {
  let isOver = false;
  const over = (error?: unknown): void => {
    if (isOver) return;
    isOver = true;
    signal?.removeEventListener("abort", onAbort);
    end(span, error);
  };
  const onAbort = (): void => over(new ConnectError("the caller left", Code.Canceled));
  signal?.addEventListener("abort", onAbort, { once: true });
  return {
    [Symbol.asyncIterator]() {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const answer = await iterator.next();
            if (answer.done === true) over();
            return answer;
          } catch (error) {
            over(error);
            throw error;
          }
        },
      };
    },
  };
}

function end(span: RunningSpan, error: unknown): void {
  if (error === undefined) {
    span.set({ "rpc.grpc.status_code": 0 });
  } else {
    const failure = ConnectError.from(error);
    span.set({ "rpc.grpc.status_code": failure.code });
    span.fail(errorDetail(failure)?.code ?? Code[failure.code] ?? "Unknown", failure.rawMessage);
  }
  span.end();
}
