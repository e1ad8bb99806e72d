// A stream of Node's HTTP/2 at the client.
import http2, { type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { ClientStream, ClientStreamUser } from "../carrier.ts";
import { StreamFailure, type StreamFailureKind } from "../stream-failure.ts";

/** What the stream's session knows of it. */
export interface StreamHome {
  /** Something came. */
  heard(): void;
  /** The stream is gone. */
  left(): void;
  /** The peer has said that it looked at no stream after this one. */
  readonly lastLookedAt: number;
  /** Why the session ended, if it did so with an error. */
  readonly error: Error | undefined;
  /** Nothing is left of the session. */
  readonly isDestroyed: boolean;
}

export class NodeClientStream implements ClientStream {
  readonly #stream: ClientHttp2Stream;
  readonly #user: ClientStreamUser;
  readonly #home: StreamHome;
  #error: Error | undefined;
  #ended = false;

  constructor(stream: ClientHttp2Stream, user: ClientStreamUser, home: StreamHome) {
    this.#stream = stream;
    this.#user = user;
    this.#home = home;
    stream.on("response", (fields: IncomingHttpHeaders) => user.onHead(fields));
    stream.on("data", (chunk: Buffer) => user.onData(chunk));
    stream.on("trailers", (fields: IncomingHttpHeaders) => user.onTrailers(fields));
    stream.on("end", () => {
      // Node ends what was cut as well.
      if (stream.destroyed || stream.aborted || stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR) return;
      this.#ended = true;
      home.heard();
      user.onEnd();
    });
    stream.on("error", (error: Error) => (this.#error = error));
    stream.on("close", () => {
      home.left();
      user.onClosed(this.#ended ? undefined : this.#failure());
    });
  }

  write(chunk: Buffer): boolean {
    if (this.#stream.destroyed || this.#stream.writableEnded) return true;
    const more = this.#stream.write(chunk);
    if (!more) this.#stream.once("drain", () => this.#user.onDrain());
    return more;
  }

  end(chunk?: Buffer): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    if (chunk === undefined) this.#stream.end();
    else this.#stream.end(chunk);
  }

  cancel(): void {
    this.#stream.close(http2.constants.NGHTTP2_CANCEL);
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  #failure(): StreamFailure {
    const cause = this.#error ?? this.#home.error;
    const code = this.#stream.rstCode;
    const what = cause?.message ?? this.#what(code);
    return new StreamFailure(this.#kind(code), what, cause);
  }

  #what(code: number): string {
    if (code === 0 || this.#home.isDestroyed) return "the connection ended before the answer did";
    return `the server reset the stream with code ${code}`;
  }

  #kind(code: number): StreamFailureKind {
    const { id } = this.#stream;
    // A stream without an id has not left this process.
    if (id === undefined || id > this.#home.lastLookedAt) return "refused";
    if (code === http2.constants.NGHTTP2_REFUSED_STREAM) return "refused";
    // Node says so of all streams of a connection that is cut, too.
    return code === http2.constants.NGHTTP2_CANCEL && !this.#home.isDestroyed ? "canceled" : "lost";
  }
}
