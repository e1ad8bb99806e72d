// Interceptors around a whole call, its retries included: they see each call once.
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createContextValues } from "@connectrpc/connect";
import { createMethodUrl, runStreamingCall, runUnaryCall } from "@connectrpc/connect/protocol";

// Where a call goes is decided after the interceptors; this says what is known before.
const baseUrl = "consul://";

export function intercepted(transport: Transport, interceptors: readonly Interceptor[]): Transport {
  if (interceptors.length === 0) return transport;
  return {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      runUnaryCall({
        interceptors: [...interceptors],
        ...(signal === undefined ? {} : { signal }),
        req: {
          stream: false,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: createMethodUrl(baseUrl, method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message,
        },
        next: async (request) => {
          const { service, message, header, trailer } = await transport.unary(
            request.method,
            request.signal,
            timeoutMs,
            request.header,
            request.message,
            request.contextValues,
          );
          // Interceptors may spread it.
          return { stream: false, service, method: request.method, message, header, trailer };
        },
      }),
    stream: (method, signal, timeoutMs, header, message, contextValues) =>
      runStreamingCall({
        interceptors: [...interceptors],
        ...(signal === undefined ? {} : { signal }),
        req: {
          stream: true,
          service: method.parent,
          method,
          requestMethod: "POST",
          url: createMethodUrl(baseUrl, method),
          header: new Headers(header),
          contextValues: contextValues ?? createContextValues(),
          message,
        },
        next: (request) =>
          transport.stream(
            request.method,
            request.signal,
            timeoutMs,
            request.header,
            request.message,
            request.contextValues,
          ),
      }),
  };
}
