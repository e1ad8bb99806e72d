// A stream of Node's HTTP/2 at the client.
import http2, { type ClientHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import type { ClientStream, ClientStreamUser } from "../carrier.ts";
import { failureOf, isWhole, type StreamHome } from "./stream-end.ts";

export class NodeClientStream implements ClientStream {
  readonly #stream: ClientHttp2Stream;
  readonly #user: ClientStreamUser;
  #error: Error | undefined;
  #ended = false;

  constructor(stream: ClientHttp2Stream, user: ClientStreamUser, home: StreamHome) {
    this.#stream = stream;
    this.#user = user;
    stream.on("response", (fields: IncomingHttpHeaders) => user.onHead(fields));
    stream.on("data", (chunk: Buffer) => user.onData(chunk));
    stream.on("trailers", (fields: IncomingHttpHeaders) => user.onTrailers(fields));
    stream.on("end", () => {
      if (!isWhole(stream)) return;
      this.#ended = true;
      home.heard();
      user.onEnd();
    });
    stream.on("error", (error: Error) => (this.#error = error));
    stream.on("close", () => {
      home.left();
      user.onClosed(this.#ended ? undefined : failureOf(stream, this.#error, home));
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
}
