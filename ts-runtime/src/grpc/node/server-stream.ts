// A stream of Node's HTTP/2 at the server. Invariants:
//   U1. A peer that still sends when its call is answered gets the answer, never a reset in its place: the rest is read and
//       dropped, for a second at most. Then it is reset without an error (RFC 9113, 8.1); a reset at once would overtake
//       the trailers in Node's HTTP/2.
//   U2. An answer waits for a request of a stated length, as long: clients in Go end theirs short as soon as the answer's
//       headers come, which is malformed (RFC 9113, 8.1.1), and the reset for that overtakes the trailers, too.
import http2, {
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import type { ServerStream, ServerStreamUser } from "../carrier.ts";
import type { Fields, RawFields } from "../fields.ts";
import { okStatus } from "../status.ts";
import { StreamFailure } from "../stream-failure.ts";

const unreadMs = 1_000;
const withTrailers = { waitForTrailers: true, sendDate: false };
const withoutMore = { endStream: true, sendDate: false };
const okTrailers: OutgoingHttpHeaders = toObject(okStatus);

export class NodeServerStream implements ServerStream {
  readonly fields: Fields;
  readonly #stream: ServerHttp2Stream;
  #requestEnded = false;
  #answered = false;
  #call: ServerStreamUser | undefined;
  /** Of what is waited for: the rest of the request. */
  #timer: NodeJS.Timeout | undefined;
  /** What waits for the request (U2). */
  #later: (() => void) | undefined;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders) {
    this.#stream = stream;
    this.fields = headers;
  }

  listen(call: ServerStreamUser): void {
    const stream = this.#stream;
    stream.on("data", (chunk: Buffer) => call.onData(chunk));
    stream.on("end", () => {
      this.#requestEnded = true;
      clearTimeout(this.#timer);
      call.onEnd();
      this.#answerLater();
    });
    // What went wrong is said when it closes.
    stream.on("error", ignore);
    stream.on("close", () => {
      clearTimeout(this.#timer);
      call.onClosed(this.#answered ? undefined : new StreamFailure("canceled", "the stream was closed"));
    });
    this.#call = call;
  }

  head(fields: RawFields): void {
    if (this.#isClosed) return;
    this.#stream.respond(fields, withTrailers);
  }

  write(chunk: Buffer): boolean {
    if (this.#isClosed) return true;
    const more = this.#stream.write(chunk);
    if (!more) this.#stream.once("drain", () => this.#call?.onDrain());
    return more;
  }

  end(trailers: RawFields): void {
    if (this.#isClosed) return;
    this.#answered = true;
    this.#endWith(trailers);
    if (!this.#requestEnded) this.#stream.resume();
  }

  answer(head: RawFields, message: Buffer, trailers: RawFields): void {
    if (this.#requestEnded) return this.#answerNow(head, message, trailers);
    this.#whenRead(() => this.#answerNow(head, message, trailers));
  }

  refuse(fields: RawFields): void {
    this.#whenRead(() => {
      this.#answered = true;
      this.#stream.respond(fields, withoutMore);
      this.#dropUnread();
    });
  }

  cut(): void {
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  get #isClosed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  #answerNow(head: RawFields, message: Buffer, trailers: RawFields): void {
    if (this.#isClosed) return;
    this.#answered = true;
    this.#stream.respond(head, withTrailers);
    this.#endWith(trailers, message);
  }

  #endWith(trailers: RawFields, last?: Buffer): void {
    const stream = this.#stream;
    const fields = trailers === okStatus ? okTrailers : toObject(trailers);
    stream.on("wantTrailers", () => {
      stream.sendTrailers(fields);
      this.#dropUnread();
    });
    if (last === undefined) stream.end();
    else stream.end(last);
  }

  /** All of the answer has gone (U1). */
  #dropUnread(): void {
    if (this.#requestEnded) return;
    this.#timer = setTimeout(() => this.#stream.close(http2.constants.NGHTTP2_NO_ERROR), unreadMs);
  }

  /** Answers as soon as the answer will arrive (U2). */
  #whenRead(answer: () => void): void {
    if (this.#isClosed) return;
    if (this.#requestEnded) return answer();
    this.#stream.resume();
    if (this.fields["content-length"] === undefined) return answer();
    this.#later = answer;
    this.#timer = setTimeout(() => this.#answerLater(), unreadMs);
  }

  #answerLater(): void {
    const answer = this.#later;
    this.#later = undefined;
    if (!this.#isClosed) answer?.();
  }
}

function ignore(): void {}

function toObject(fields: RawFields): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = {};
  for (let index = 0; index < fields.length; index += 2) {
    const [name = "", value = ""] = [fields[index], fields[index + 1]];
    const known = headers[name];
    if (known === undefined) headers[name] = value;
    else headers[name] = [...(Array.isArray(known) ? known : [known]), value];
  }
  return headers;
}
