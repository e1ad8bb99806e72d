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
import { followed } from "./followed.ts";

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
        const message = followed(response.message, signal, {
          ended(how) {
            end(span, how.type === "left" ? leftError() : how.type === "failed" ? how.error : undefined);
          },
        });
        return { ...response, message };
      } catch (error) {
        end(span, error);
        throw error;
      }
    },
  };
}

const leftError = (): ConnectError => new ConnectError("the caller left", Code.Canceled);

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
