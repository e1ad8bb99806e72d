// A Connect Transport over the registry: each call goes to a live instance of its service. So all that takes a
// Transport works with ours.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import type { Attempt } from "./attempt.ts";
import { attemptCall, attemptsHeader, type Send } from "./attempts.ts";
import { isBounded, leavePlace, takePlace } from "./bulkhead-place.ts";
import { Call, type CallEnvironment } from "./call.ts";
import { followed } from "./followed.ts";
import { hedgeCall } from "./hedging.ts";
import { judgeAttempt } from "./judge-attempt.ts";
import { createRequestStream, createSingleRequest } from "./request-stream.ts";

export interface RoutingTransportOptions {
  readonly environment: (service: DescService) => CallEnvironment;
  readonly onCall: (method: DescMethod) => void;
}

export function createRoutingTransport({ environment, onCall }: RoutingTransportOptions): Transport {
  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      onCall(method);
      const call = new Call(environment(method.parent), { method, signal, timeoutMs, request: input });
      const send = (attempt: Attempt, number: number, ended: AbortSignal | undefined) =>
        attempt.channel.transport.unary(
          method,
          ended,
          attempt.timeoutMs,
          number === 1 ? header : withAttempts(header, number),
          input,
          contextValues,
        );
      return isBounded(call) ? inPlace(call, send) : runUnary(call, send);
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      onCall(method);
      const single = method.methodKind === "server_streaming";
      const request = single ? createSingleRequest(input) : createRequestStream(input);
      const shared = environment(method.parent);
      const byKey = shared.policies.ofMethod(method).balancing === "by-key";
      const call = new Call(shared, {
        method,
        signal,
        timeoutMs,
        request: byKey ? await request.single() : undefined,
        repeatable: () => request.repeatable,
      });
      const bounded = isBounded(call);
      let placed = false;
      try {
        if (bounded) {
          await takePlace(call);
          placed = true;
        }
        return await attemptCall(
          call,
          async (attempt, number) => {
            const response = await attempt.channel.transport.stream(
              method,
              signal,
              attempt.timeoutMs,
              number === 1 ? header : withAttempts(header, number),
              request.open(),
              contextValues,
            );
            const message = followed(response.message, call.signal, {
              errorOf(error) {
                const failure = judgeAttempt(call, attempt, error);
                attempt.failed(failure);
                return failure.error;
              },
              ended({ type }) {
                if (type === "answered") attempt.answered();
                if (type === "left") attempt.left();
                if (bounded) leavePlace(call);
              },
            });
            return { ...response, message };
          },
          false,
        );
      } catch (error) {
        if (placed) leavePlace(call);
        request.abandon(error);
        throw error;
      }
    },
  };
}

async function inPlace<T>(call: Call, send: Send<T>): Promise<T> {
  await takePlace(call);
  try {
    return await runUnary(call, send);
  } finally {
    leavePlace(call);
  }
}

function runUnary<T>(call: Call, send: Send<T>): Promise<T> {
  const { hedge } = call.policy;
  return hedge !== undefined && call.calls.isSafeToHedge
    ? hedgeCall(call, hedge, send)
    : attemptCall(call, send, true);
}

function withAttempts(header: HeadersInit | undefined, number: number): Headers {
  const headers = new Headers(header);
  headers.set(attemptsHeader, String(number - 1));
  return headers;
}
