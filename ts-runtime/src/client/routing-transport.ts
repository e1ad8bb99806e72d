// A Connect Transport over the registry: each call goes to a live instance of its service. So all that takes a
// Transport works with ours.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { attemptCall, judgeOf, nameOf, type Call } from "./attempts.ts";
import type { Channel } from "./channel.ts";
import { createDeadline } from "./deadline.ts";
import { createRequestStream, createSingleRequest } from "./request-stream.ts";

/** What a call needs beside its own arguments. */
export type CallEnvironment = Pick<Call, "instances" | "budget" | "registryUrl" | "logger" | "holds">;

export interface RoutingTransportOptions {
  /** The deadline of a method's calls that set none, in milliseconds; undefined for none (C1). */
  readonly timeoutOf: (method: DescMethod) => number | undefined;
  readonly environment: (protoService: string) => CallEnvironment;
  readonly onCall: (method: DescMethod) => void;
}

// A grpc-timeout has eight digits.
const longestTimeoutMs = 99_999_999;
/** How long a call without a deadline waits for a first instance. */
const firstInstanceMs = 10_000;

export function createRoutingTransport(options: RoutingTransportOptions): Transport {
  const start = (
    method: DescMethod,
    signal: AbortSignal | undefined,
    timeoutMs: number | undefined,
  ): Call => {
    options.onCall(method);
    return {
      ...options.environment(method.parent.typeName),
      method,
      signal,
      deadline: createDeadline(timeoutMs === undefined ? options.timeoutOf(method) : positive(timeoutMs)),
      waitMs: options.timeoutOf(method) ?? firstInstanceMs,
      repeatable: () => true,
    };
  };

  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const call = start(method, signal, timeoutMs);
      return attemptCall(call, async (channel) => {
        const leftMs = leftOf(call);
        const end = channel.begin();
        try {
          return await channel.transport.unary(method, signal, leftMs, header, input, contextValues);
        } finally {
          end();
        }
      });
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const single = method.methodKind === "server_streaming";
      const request = single ? createSingleRequest(input) : createRequestStream(input);
      const call: Call = {
        ...start(method, signal, timeoutMs),
        repeatable: () => request.repeatable,
      };
      try {
        return await attemptCall(call, async (channel) => {
          const leftMs = leftOf(call);
          const end = channel.begin();
          try {
            const messages = request.open();
            const response = await channel.transport.stream(
              method,
              signal,
              leftMs,
              header,
              messages,
              contextValues,
            );
            return { ...response, message: followed(response.message, call, channel, end) };
          } catch (error) {
            end();
            throw error;
          }
        });
      } catch (error) {
        request.abandon(error);
        throw error;
      }
    },
  };
}

/** Who asks for 0 wants none. */
function positive(timeoutMs: number): number | undefined {
  return timeoutMs > 0 ? timeoutMs : undefined;
}

/** What an attempt may take; Connect reads 0 as "no deadline", so it is 1 at least. */
function leftOf(call: Call): number | undefined {
  const leftMs = call.deadline.leftMs();
  if (leftMs === undefined) return undefined;
  if (leftMs <= 0) throw call.deadline.error(nameOf(call.method));
  return Math.min(longestTimeoutMs, Math.ceil(leftMs));
}

/** The answers as they come; the call ends with the last one, with an error, or when its signal aborts. */
function followed<T>(
  answers: AsyncIterable<T>,
  call: Call,
  channel: Channel,
  end: () => void,
): AsyncIterable<T> {
  call.signal?.addEventListener("abort", end, { once: true });
  const over = (): void => {
    call.signal?.removeEventListener("abort", end);
    end();
  };
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
            over();
            throw judgeOf(call, channel, error).error;
          }
        },
      };
    },
  };
}
