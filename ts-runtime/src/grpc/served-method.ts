// What a server has for its calls: its methods, and what it does before and after them.
import type { DescMessage, DescMethod, Message, MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { CallOrigin } from "./call-context.ts";
import type { Deadlines } from "./deadlines.ts";
import type { RequestMemory } from "./request-memory.ts";
import type { ServerCall } from "./server-call.ts";

type Init = MessageInitShape<DescMessage>;
type Maybe<T> = T | PromiseLike<T>;

/** What a method does, by its kind. */
export type Run<O extends CallOrigin> =
  | {
      readonly takes: "one";
      readonly gives: "one";
      readonly run: (request: Message, call: ServerCall<O>) => Maybe<Init>;
    }
  | {
      readonly takes: "one";
      readonly gives: "many";
      readonly run: (request: Message, call: ServerCall<O>) => AsyncIterable<Init>;
    }
  | {
      readonly takes: "many";
      readonly gives: "one";
      readonly run: (requests: AsyncIterable<Message>, call: ServerCall<O>) => Maybe<Init>;
    }
  | {
      readonly takes: "many";
      readonly gives: "many";
      readonly run: (requests: AsyncIterable<Message>, call: ServerCall<O>) => AsyncIterable<Init>;
    };

export type ServedMethod<O extends CallOrigin> = Run<O> & {
  readonly method: DescMethod;
  /** Of calls that bring none, in milliseconds. */
  readonly timeoutMs: number | undefined;
};

/** What a server does at the ends of its calls. */
export interface CallEdge<O extends CallOrigin> {
  readonly deadlines: Deadlines;
  /** Of one request message. */
  maxBytes(method: DescMethod): number;
  readonly memory: RequestMemory;
  /** Before the handler: throws what it refuses with. */
  admit(call: ServerCall<O>): void | Promise<void>;
  /** What a caller gets for a failure. */
  failed(error: unknown, call: ServerCall<O>): ConnectError;
  /** The end of a call: with an error, or well. */
  ended(call: ServerCall<O>, error: ConnectError | undefined): void;
  /** Nothing of the call is left. */
  closed(call: ServerCall<O>): void;
}
