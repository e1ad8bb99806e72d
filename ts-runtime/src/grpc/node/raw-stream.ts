// A stream for who passes on the bytes of gRPC that others have made, on the connection that calls go by.
//
//   W1. One that is cut together with its session may close without a code and without an end, in the middle of an answer
//       or before it. It then has an error all the same, so that nobody waits on.
import type { ClientHttp2Stream } from "node:http2";
import { ConnectError } from "@connectrpc/connect";
import { failedCall } from "../failed-call.ts";
import { failureOf, type StreamHome } from "./stream-end.ts";

export interface RawStream {
  readonly stream: ClientHttp2Stream;
  /** What an error of the stream means for its call. */
  failure(error: unknown): ConnectError;
}

export function rawStream(stream: ClientHttp2Stream, home: StreamHome): RawStream {
  let answered = false;
  stream.once("response", () => {
    answered = true;
    home.heard();
  });
  stream.on("error", () => {});
  stream.once("close", () => {
    home.left();
    // With an end of its own, Node closes a stream only after its reader has come to it.
    if (answered && stream.readableEnded) return;
    // W1
    const error = Object.assign(new Error("the connection ended before the answer did"), {
      code: "ECONNRESET",
    });
    setImmediate(() => stream.emit("error", error));
  });
  return {
    stream,
    failure: (error) => failedCall(failureOf(stream, error instanceof Error ? error : undefined, home)),
  };
}
