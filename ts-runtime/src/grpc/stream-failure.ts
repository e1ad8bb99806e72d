// How a stream can end without a word of the other side's gRPC.

/** What is known of it. */
export type StreamFailureKind =
  /** There was no connection, and so no request. */
  | "unreachable"
  /** The request was not looked at: the server has said so, or it was never sent. */
  | "refused"
  /** The connection or the stream was cut: nobody knows how far the request came. */
  | "lost"
  /** The other side has given up the stream. */
  | "canceled";

export class StreamFailure extends Error {
  override readonly name = "StreamFailure";
  readonly kind: StreamFailureKind;

  constructor(kind: StreamFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }
}
