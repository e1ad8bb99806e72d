// gRPC as a Transport of Connect's clients, over one carrier.
import type { Transport } from "@connectrpc/connect";
import type { ClientCallOptions } from "./client-call.ts";
import { encodeFrame } from "./message.ts";
import { StreamCall } from "./stream-call.ts";
import { UnaryCall } from "./unary-call.ts";

/** Calls fail with `ConnectError`s; one that did not come from the server has a `StreamFailure` for its cause. */
export function createGrpcClientTransport(options: ClientCallOptions): Transport {
  return {
    // Not async: each promise more is a turn of the microtasks more.
    unary(method, signal, timeoutMs, headers, input) {
      try {
        const request = encodeFrame(method.input, input);
        const call = new UnaryCall(
          options,
          { method, signal, timeoutMs: timeoutOf(timeoutMs), headers: headersOf(headers) },
          method,
          request,
        );
        call.begin(options.carrier);
        return call.answer;
      } catch (error) {
        return Promise.reject(error);
      }
    },
    async stream(method, signal, timeoutMs, headers, input) {
      const call = new StreamCall(
        options,
        { method, signal, timeoutMs: timeoutOf(timeoutMs), headers: headersOf(headers) },
        method,
        input,
      );
      call.begin(options.carrier);
      return call.answer;
    },
  };
}

/** What is no header fails here, and not on its way. */
function headersOf(headers: HeadersInit | undefined): Headers | undefined {
  return headers === undefined || headers instanceof Headers ? headers : new Headers(headers);
}

/** 0 is no deadline. */
function timeoutOf(timeoutMs: number | undefined): number | undefined {
  return timeoutMs === undefined || timeoutMs <= 0 ? undefined : timeoutMs;
}
