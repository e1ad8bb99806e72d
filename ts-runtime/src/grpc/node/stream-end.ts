// How a client's stream of Node's HTTP/2 ended, which Node shows in several ways.
import http2, { type ClientHttp2Stream } from "node:http2";
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

/** Whether an `end` is one of the server's: Node ends what was cut as well. */
export function isWhole(stream: ClientHttp2Stream): boolean {
  return !stream.destroyed && !stream.aborted && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR;
}

/** @param error the stream's own, if there was one. */
export function failureOf(
  stream: ClientHttp2Stream,
  error: Error | undefined,
  home: StreamHome,
): StreamFailure {
  const cause = error ?? home.error;
  return new StreamFailure(kindOf(stream, home), cause?.message ?? whatOf(stream, home), cause);
}

function whatOf({ rstCode }: ClientHttp2Stream, home: StreamHome): string {
  if (rstCode === 0 || home.isDestroyed) return "the connection ended before the answer did";
  return `the server reset the stream with code ${rstCode}`;
}

function kindOf({ id, rstCode }: ClientHttp2Stream, home: StreamHome): StreamFailureKind {
  // A stream without an id has not left this process.
  if (id === undefined || id > home.lastLookedAt) return "refused";
  if (rstCode === http2.constants.NGHTTP2_REFUSED_STREAM) return "refused";
  // Node says so of all streams of a connection that is cut, too.
  return rstCode === http2.constants.NGHTTP2_CANCEL && !home.isDestroyed ? "canceled" : "lost";
}
