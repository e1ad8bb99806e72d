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
import type { RawStream } from "../grpc/index.ts";
import type { Attempt } from "./attempt.ts";
import { attemptCall, attemptsHeader } from "./attempts.ts";
import { isBounded, leavePlace, takePlace } from "./bulkhead-place.ts";
import { Call, type CallEnvironment } from "./call.ts";

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

/** One whose trailers are still to come. */
interface Arriving extends RawResponse {
  headers: IncomingHttpHeaders;
  trailers: IncomingHttpHeaders | undefined;
}

/** Makes a call. @throws ConnectError where no instance has answered. */
export async function callRaw(environment: CallEnvironment, request: RawRequest): Promise<RawResponse> {
  const { method, signal, timeoutMs, body } = request;
  const ended = new AbortController();
  let begun = false;
  const call = new Call(environment, {
    method,
    signal,
    // What is no deadline here is none at all.
    timeoutMs: timeoutMs ?? 0,
    request: body instanceof Uint8Array ? body : undefined,
    repeatable: () => !begun,
  });
  const answers = new Map<ConnectError, RawResponse>();
  const end = (): void => ended.abort(ConnectError.from(signal.reason));
  signal.addEventListener("abort", end, { once: true });
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => ended.abort(call.deadline.error(call.name)), timeoutMs + deadlineGraceMs);
  const isUnary = !call.isStream;
  const bounded = isBounded(call);
  let placed = false;
  const over = (): void => {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    if (placed) leavePlace(call);
    placed = false;
  };
  const send = async (attempt: Attempt, number: number): Promise<RawResponse> => {
    const raw = await open(attempt, withAttempts(request, number), ended.signal);
    const { stream } = raw;
    if (body instanceof Uint8Array) stream.end(body);
    else {
      begun = true;
      body.once("error", () => stream.close(http2.constants.NGHTTP2_CANCEL));
      body.pipe(stream);
    }
    const answer = await answerOf(raw, isUnary, ended.signal);
    const isEmpty = answer.stream.readableLength === 0;
    const refusal = isEmpty && answer.trailers && findTrailerError(headersOf(answer.trailers));
    if (refusal && !begun) {
      // Whether it is sent again is decided by the rules of all calls.
      answers.set(refusal, answer);
      throw refusal;
    }
    if (refusal) attempt.failed({ error: refusal, neverRan: false, of: "instance" });
    const onClose = (): void => {
      const error = endOf(answer, ended.signal);
      if (signal.aborted) attempt.left();
      else if (error === undefined) attempt.answered();
      else attempt.failed({ error, neverRan: false, of: "instance" });
      over();
    };
    if (stream.closed) onClose();
    else stream.once("close", onClose);
    return answer;
  };
  try {
    if (bounded) {
      await takePlace(call);
      placed = true;
    }
    // How long the reader of one answer takes is not the instance's affair.
    return await attemptCall(call, send, isUnary);
  } catch (error) {
    over();
    const last = error instanceof ConnectError ? answers.get(error) : undefined;
    if (last !== undefined) return last;
    throw ended.signal.aborted ? ended.signal.reason : error;
  }
}

/** How an answer that was passed on has failed, if it has. */
function endOf({ trailers }: RawResponse, ended: AbortSignal): ConnectError | undefined {
  if (ended.aborted) return ConnectError.from(ended.reason);
  if (trailers === undefined) return new ConnectError("the answer was cut", Code.Unavailable);
  return findTrailerError(headersOf(trailers));
}

/** Says how many attempts were made before, as gRPC does (gRFC A6). */
function withAttempts(request: RawRequest, number: number): RawRequest {
  if (number === 1) return request;
  return { ...request, headers: { ...request.headers, [attemptsHeader]: String(number - 1) } };
}

async function open(
  attempt: Attempt,
  { method, headers }: RawRequest,
  ended: AbortSignal,
): Promise<RawStream> {
  ended.throwIfAborted();
  const { channel, timeoutMs } = attempt;
  const timeout = timeoutMs === undefined ? {} : { "grpc-timeout": `${timeoutMs}m` };
  const raw = await channel.request(`/${method.parent.typeName}/${method.name}`, { ...headers, ...timeout });
  const { stream } = raw;
  const cancel = (): void => stream.close(http2.constants.NGHTTP2_CANCEL);
  if (ended.aborted) cancel();
  ended.addEventListener("abort", cancel, { once: true });
  stream.once("close", () => ended.removeEventListener("abort", cancel));
  return raw;
}

/** Its headers; of a unary call also whether it has failed, which comes with the headers or without a body. */
function answerOf(raw: RawStream, isUnary: boolean, ended: AbortSignal): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const { stream } = raw;
    const answer: Arriving = { headers: {}, trailers: undefined, stream };
    const fail = (error: unknown): void => reject(ended.aborted ? ended.reason : raw.failure(error));
    stream.once("error", fail);
    stream.once("trailers", (received) => (answer.trailers = received));
    stream.once("response", (headers) => {
      const settle = (): void => {
        stream.off("error", fail).off("readable", settle).off("end", settle);
        resolve(answer);
      };
      answer.headers = headers;
      if (headers["grpc-status"] !== undefined) answer.trailers = headers;
      if (!isUnary || answer.trailers !== undefined) return settle();
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
