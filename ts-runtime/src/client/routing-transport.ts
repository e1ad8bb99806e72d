// A Connect Transport over the registry: each call goes to a live instance of its service. So all that takes a
// Transport works with ours.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { answered, left, type CallOutcome } from "../balance/index.ts";
import type { Policies } from "../policy/index.ts";
import { attemptCall, judgeOf, nameOf, type Call } from "./attempts.ts";
import type { CallTrack, Channel } from "./channel.ts";
import { createDeadline } from "./deadline.ts";
import { outcomeOf } from "./outcome.ts";
import { requestKey } from "./request-key.ts";
import { createRequestStream, createSingleRequest } from "./request-stream.ts";

/** What a call needs beside its own arguments. */
export interface CallEnvironment extends Pick<
  Call,
  "instances" | "budget" | "registryUrl" | "logger" | "holds"
> {
  readonly policies: Policies;
}

export interface RoutingTransportOptions {
  /** The deadline of a method's calls that set none, in milliseconds; undefined for none (C1). */
  readonly timeoutOf: (method: DescMethod) => number | undefined;
  readonly environment: (service: DescService) => CallEnvironment;
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
    request: unknown,
  ): Call => {
    options.onCall(method);
    const environment = options.environment(method.parent);
    const policy = environment.policies.ofMethod(method);
    return {
      ...environment,
      method,
      policy,
      balancing: policy.balancing,
      key: policy.balancing === "by-key" ? requestKey(method, request) : undefined,
      isStream: method.methodKind !== "unary",
      signal,
      deadline: createDeadline(timeoutMs === undefined ? options.timeoutOf(method) : positive(timeoutMs)),
      waitMs: options.timeoutOf(method) ?? firstInstanceMs,
      repeatable: () => true,
    };
  };

  return {
    unary(method, signal, timeoutMs, header, input, contextValues) {
      const call = start(method, signal, timeoutMs, input);
      return attemptCall(call, async (channel) => {
        const leftMs = leftOf(call);
        // Of the connection that the track is of.
        const { transport } = channel;
        const track = channel.begin(method);
        try {
          const answer = await transport.unary(method, signal, leftMs, header, input, contextValues);
          track.end(answered);
          return answer;
        } catch (error) {
          track.end(outcomeOf(call, channel, error));
          throw error;
        }
      });
    },

    async stream(method, signal, timeoutMs, header, input, contextValues) {
      const single = method.methodKind === "server_streaming";
      const request = single ? createSingleRequest(input) : createRequestStream(input);
      const byKey = options.environment(method.parent).policies.ofMethod(method).balancing === "by-key";
      const call: Call = {
        ...start(method, signal, timeoutMs, byKey ? await request.single() : undefined),
        repeatable: () => request.repeatable,
      };
      try {
        return await attemptCall(call, async (channel) => {
          const leftMs = leftOf(call);
          const { transport } = channel;
          const track = channel.begin(method);
          try {
            const messages = request.open();
            const response = await transport.stream(method, signal, leftMs, header, messages, contextValues);
            return { ...response, message: followed(response.message, call, channel, track) };
          } catch (error) {
            track.end(outcomeOf(call, channel, error));
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
  track: CallTrack,
): AsyncIterable<T> {
  const leave = (): void => track.end(left);
  call.signal?.addEventListener("abort", leave, { once: true });
  const over = (outcome: CallOutcome): void => {
    call.signal?.removeEventListener("abort", leave);
    track.end(outcome);
  };
  return {
    [Symbol.asyncIterator]() {
      const iterator = answers[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            const answer = await iterator.next();
            if (answer.done === true) over(answered);
            return answer;
          } catch (error) {
            over(outcomeOf(call, channel, error));
            throw judgeOf(call, channel, error).error;
          }
        },
      };
    },
  };
}
