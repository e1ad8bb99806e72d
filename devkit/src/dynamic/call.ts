// A call as it is asked for, and what becomes of it.
import type { CallEnd } from "./call-end.ts";

export interface DynamicCall {
  /** The method, such as `cart.v1.CartService/AddItem`. */
  readonly method: string;
  /** The requests in JSON: one, or none for an empty one; of a client stream any number, as they come. */
  readonly requests: Iterable<string> | AsyncIterable<string>;
  /** Request headers. Default: none but a `traceparent`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The deadline; of a tell, how long to wait for the reply. Default 10,000 ms; of streams of answers none. */
  readonly timeoutMs?: number | undefined;
  /** Tells in place of asking; the answer is the reply. Default false. */
  readonly tell?: boolean;
  /** Whether a tell is over as soon as it is stored, without its reply. Default false. */
  readonly forget?: boolean;
  /** The command id under which an entity or an inbox handles it once. Default: none; of a tell a random one. */
  readonly commandId?: string | undefined;
  /** Goes to this instance of the registry. Default: one that is well, by chance. */
  readonly instance?: string | undefined;
  /** Ends the call. */
  readonly signal?: AbortSignal | undefined;
}

/** The call goes out. */
interface CallStart {
  readonly type: "start";
  /** Of the trace that it belongs to, in hexadecimal. */
  readonly traceId: string;
  /** The id of the instance; empty for a tell. */
  readonly instance: string;
  /** Of a tell: the token of its receipt. */
  readonly receipt: string;
}

/** What becomes of a call: a start, its answers in JSON, and an end. */
export type CallEvent = CallStart | { readonly type: "message"; readonly json: string } | CallEnd;
