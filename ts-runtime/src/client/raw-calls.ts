// gRPC calls as bytes, for who passes on what others have made: routed, retried and held as all calls are, and never
// decoded. Invariants:
//   B1. What comes back is what the instance sent: headers, body and trailers, compressed as they are.
//   B2. A request that is there as a whole can be sent again; a stream only as long as nothing of it was sent (C2).
//   B3. Nothing is read from an instance faster than it is taken on.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import http2, { type ClientHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { answered, left, type CallOutcome } from "../balance/index.ts";
import type { RawStream } from "../grpc/index.ts";
import { attemptCall, nameOf, type Call } from "./attempts.ts";
import type { CallTrack, Channel } from "./channel.ts";
import { createDeadline } from "./deadline.ts";
import { outcomeOf } from "./outcome.ts";
import { keyInFrame } from "./request-key.ts";
import type { CallEnvironment } from "./routing-transport.ts";

const longestTimeoutMs = 99_999_999;
/** An instance that keeps deadlines says so itself, in its own words; it gets a moment for that. */
const deadlineGraceMs = 250;

export interface RawRequest {
  readonly method: DescMethod;
  /** All of gRPC's but `grpc-timeout`. */
  readonly headers: OutgoingHttpHeaders;
  /** Frames: all of them, or as they come. */
  readonly body: Uint8Array | Readable;
  /** Of all attempts; undefined for none. */
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
}

/** What an instance answers. */
export interface RawResponse {
  readonly headers: IncomingHttpHeaders;
  /** What came so far; those of an instance that ended without a body are among its headers. */
  readonly trailers: IncomingHttpHeaders | undefined;
  /** The body; nobody reads it before. When it ends, the trailers are there. */
  readonly stream: ClientHttp2Stream;
}

/** Makes a call. @throws ConnectError where no instance has answered. */
export async function callRaw(
  environment: CallEnvironment,
  waitMs: number,
  request: RawRequest,
): Promise<RawResponse> {
  const { method, signal, timeoutMs, body } = request;
  const ended = new AbortController();
  let begun = false;
  const policy = environment.policies.ofMethod(method);
  const isUnary = method.methodKind === "unary";
  const call: Call = {
    ...environment,
    method,
    policy,
    balancing: policy.balancing,
    key: policy.balancing === "by-key" && body instanceof Uint8Array ? keyInFrame(method, body) : undefined,
    isStream: !isUnary,
    signal,
    waitMs,
    deadline: createDeadline(timeoutMs),
    repeatable: () => !begun,
  };
  const answers = new Map<ConnectError, RawResponse>();
  const end = (): void => ended.abort(ConnectError.from(signal.reason));
  signal.addEventListener("abort", end, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => ended.abort(call.deadline.error(nameOf(method))), timeoutMs + deadlineGraceMs);
  const over = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  };
  try {
    return await attemptCall(call, async (channel) => {
      const { raw, track } = await open(channel, call, request, ended.signal);
      const { stream } = raw;
      if (body instanceof Uint8Array) stream.end(body);
      else {
        begun = true;
        body.once("error", () => stream.close(http2.constants.NGHTTP2_CANCEL));
        body.pipe(stream);
      }
      let answer: RawResponse | undefined;
      stream.once("close", () => {
        over();
        track.end(outcomeOfAnswer(answer, ended.signal));
      });
      answer = await answerOf(raw, isUnary, ended.signal);
      // How long its reader takes is not the instance's affair.
      if (isUnary && answer.trailers === undefined) track.end(answered);
      const isEmpty = answer.stream.readableLength === 0;
      const refusal = isEmpty && answer.trailers && findTrailerError(headersOf(answer.trailers));
      if (!refusal || begun) return answer;
      // Whether it is sent again is decided by the rules of all calls.
      answers.set(refusal, answer);
      throw refusal;
    });
  } catch (error) {
    const last = error instanceof ConnectError ? answers.get(error) : undefined;
    if (last !== undefined) return last;
    over();
    throw ended.signal.aborted ? ended.signal.reason : error;
  }
}

/** Of a stream that is closed. */
function outcomeOfAnswer(answer: RawResponse | undefined, ended: AbortSignal): CallOutcome {
  const trailers = answer?.trailers;
  if (trailers === undefined) {
    if (!ended.aborted) return { type: "failed", code: Code.Unavailable, neverRan: false };
    return isTimeout(ended.reason) ? { type: "failed", code: Code.DeadlineExceeded, neverRan: false } : left;
  }
  const refusal = findTrailerError(headersOf(trailers));
  return refusal === undefined ? answered : { type: "failed", code: refusal.code, neverRan: false };
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded;
}

interface Opened {
  readonly raw: RawStream;
  readonly track: CallTrack;
}

async function open(
  channel: Channel,
  call: Call,
  { method, headers }: RawRequest,
  ended: AbortSignal,
): Promise<Opened> {
  const track = channel.begin(call.method);
  try {
    ended.throwIfAborted();
    const leftMs = call.deadline.leftMs();
    const timeout =
      leftMs === undefined
        ? {}
        : { "grpc-timeout": `${Math.min(longestTimeoutMs, Math.max(1, Math.ceil(leftMs)))}m` };
    const raw = await channel.request(`/${method.parent.typeName}/${method.name}`, {
      ...headers,
      ...timeout,
    });
    const { stream } = raw;
    const cancel = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
    if (ended.aborted) cancel();
    ended.addEventListener("abort", cancel, { once: true });
    stream.once("close", () => ended.removeEventListener("abort", cancel));
    return { raw, track };
  } catch (error) {
    track.end(outcomeOf(call, channel, error));
    throw error;
  }
}

/** Its headers; of a unary call also whether it has failed, which comes with the headers or without a body. */
function answerOf(raw: RawStream, isUnary: boolean, ended: AbortSignal): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const { stream } = raw;
    let trailers: IncomingHttpHeaders | undefined;
    const fail = (error: unknown): void => reject(ended.aborted ? ended.reason : raw.failure(error));
    stream.once("error", fail);
    stream.once("trailers", (received) => (trailers = received));
    stream.once("response", (headers) => {
      const settle = (): void => {
        stream.off("error", fail).off("readable", settle).off("end", settle);
        resolve({
          headers,
          get trailers() {
            return trailers;
          },
          stream,
        });
      };
      if (headers["grpc-status"] !== undefined) trailers = headers;
      if (!isUnary || trailers !== undefined) return settle();
      // Of a body, nothing is taken yet (B3). Without one, it may have ended already.
      stream.once("readable", settle).once("end", settle);
    });
  });
}

function headersOf(headers: IncomingHttpHeaders): Headers {
  const all = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) all.append(name, one);
  }
  return all;
}
