// The seam between what a gRPC stream does and what carries it: `node:http2` today. What is above it knows of HTTP/2 only
// what stands here.
import type { Fields, RawFields } from "./fields.ts";
import type { StreamFailure } from "./stream-failure.ts";

/** What the other side of a stream says. All of it comes from a stream's carrier, nothing after `onClosed`. */
interface Incoming {
  onData(chunk: Buffer): void;
  /** The other side has said all. */
  onEnd(): void;
  /** What was written has left, after a `write` that said no. */
  onDrain(): void;
  /** Nothing will come or go any more; undefined where both sides had ended. */
  onClosed(failure: StreamFailure | undefined): void;
}

interface Outgoing {
  /** Whether more may be written at once; if not, `onDrain` says when. */
  write(chunk: Buffer): boolean;
  /** Asks the other side to send no more for a while, when its window is full. */
  pause(): void;
  resume(): void;
}

/** At the server: one call that a carrier brings. */
export interface ServerStream extends Outgoing {
  readonly fields: Fields;
  /** Begins to bring what comes. */
  listen(call: Incoming): void;
  head(fields: RawFields): void;
  /** Ends the answer, after what was written. */
  end(trailers: RawFields): void;
  /** All of an answer of one message. */
  answer(head: RawFields, message: Buffer, trailers: RawFields): void;
  /** An answer that is nothing but its end. */
  refuse(fields: RawFields): void;
  /** Whatever is left of it is dropped. */
  cut(): void;
}

export type ServerStreamUser = Incoming;

/** At the client: one call that a carrier takes along. */
export interface ClientStream extends Outgoing {
  /** All has been said; with the last chunk, if there is one. */
  end(chunk?: Buffer): void;
  /** The call is over for us, whatever comes: the other side is told so. */
  cancel(): void;
}

export interface ClientStreamUser extends Incoming {
  /** The fields to send, asked for right before they are: what is left of a deadline is in them. */
  head(authority: Authority): RawFields;
  onOpen(stream: ClientStream): void;
  onHead(fields: Fields): void;
  onTrailers(fields: Fields): void;
}

/** Where a client's calls go, as HTTP/2 has it in each of them. */
export interface Authority {
  readonly scheme: "http" | "https";
  readonly authority: string;
}

/** A connection to one server, made when it is needed, and made again. */
export interface ClientCarrier {
  /**
   * Opens a stream, at once or as soon as the connection stands and the server's limit of streams allows it. The answer
   * takes that back, as long as it has not opened.
   */
  open(user: ClientStreamUser): () => void;
}
