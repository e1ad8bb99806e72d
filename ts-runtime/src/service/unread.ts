// What is left of a request that has its answer. Invariants:
//   U1. A peer that still sends when its call is answered gets the answer, never a reset in its place: the rest is read
//       and dropped, for `unreadMs` at most.
//   U2. Over HTTP/1.1 the connection stays good for the next call, which may be on its way already.
//   U3. A request of one message is there by the deadline of its call, or fails with it: Connect's handlers look at the
//       deadline when they have read it.
import type { IncomingMessage } from "node:http";
import http2, { type Http2ServerRequest } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";
import type { UniversalServerResponse } from "@connectrpc/connect/protocol";
import type { Deadline, Deadlines } from "../grpc/index.ts";
import type { Place } from "../roster/index.ts";
import type { NodeRequest, NodeResponse } from "./request-handler.ts";

const unreadMs = 1_000;

/** A body that has to be there in time: a request that does not end is not waited for (U3). */
class TimelyBody implements AsyncIterator<Uint8Array>, Deadline {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #tooLate = Promise.withResolvers<never>();
  readonly #place: Place;

  constructor(chunks: AsyncIterator<Uint8Array>, { deadlines, timeoutMs }: BodyDeadline) {
    this.#chunks = chunks;
    // Perhaps nobody reads on.
    this.#tooLate.promise.catch(() => {});
    this.#place = deadlines.note(this, timeoutMs);
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const result = await Promise.race([this.#chunks.next(), this.#tooLate.promise]);
    if (result.done !== true) return result;
    this.#place.leave();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#place.leave();
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }

  onDeadline(): void {
    this.#tooLate.reject(new ConnectError("the request did not end in time", Code.DeadlineExceeded));
  }
}

export interface BodyDeadline {
  readonly deadlines: Deadlines;
  readonly timeoutMs: number;
}

/** The body of a request. Who stops to read leaves the rest; the stream's own iterator would cut the connection (U1). */
export function bodyOf(request: NodeRequest, deadline?: BodyDeadline): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const chunks = request.iterator({ destroyOnReturn: false });
      return deadline === undefined || request.complete ? chunks : new TimelyBody(chunks, deadline);
    },
  };
}

/**
 * The answer, held so that its way is free (U1). Over HTTP/1.1 its end waits for the end of the request: Node closes
 * or takes up again the connection when both are over, and closing one with unread bytes is a reset. Over HTTP/2 all
 * of it waits for a request of a stated length: clients in Go end theirs short as soon as the answer's headers come,
 * which is malformed (RFC 9113, 8.1.1), and the reset for that overtakes the trailers.
 */
export function inOrder(
  request: NodeRequest,
  response: NodeResponse,
  answer: UniversalServerResponse,
): UniversalServerResponse | Promise<UniversalServerResponse> {
  if (request.complete) return answer;
  if (!("stream" in request)) return { ...answer, body: thenDropUnread(request, response, answer.body) };
  return request.headers["content-length"] === undefined ? answer : readToEnd(request).then(() => answer);
}

async function* thenDropUnread(
  request: IncomingMessage,
  response: NodeResponse,
  body: UniversalServerResponse["body"],
): AsyncGenerator<Uint8Array> {
  if (body !== undefined) yield* body;
  await readToEnd(request);
  if (!request.complete) response.once("finish", () => request.destroy());
}

/** Reads and drops what is left of a request, for `unreadMs` at most: what is closed before then may lose its answer (U1). */
export async function readToEnd(request: NodeRequest): Promise<void> {
  if (request.complete) return;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, unreadMs);
  request.once("close", resolve).once("end", resolve).resume();
  await over;
  clearTimeout(timer);
}

/**
 * Over HTTP/2 the trailers are the end of the call, and blocked on flow control a peer could not notice them. One that
 * goes on after `unreadMs` is reset without an error (RFC 9113, 8.1); a reset at once would overtake the trailers in
 * Node's HTTP/2.
 */
export function dropUnread(request: Http2ServerRequest): void {
  const { stream } = request;
  stream.once("wantTrailers", () => {
    if (request.readableEnded || stream.destroyed) return;
    stream.removeAllListeners("data").resume();
    const timer = setTimeout(() => stream.close(http2.constants.NGHTTP2_NO_ERROR), unreadMs);
    stream.once("close", () => clearTimeout(timer));
  });
}
