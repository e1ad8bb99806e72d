// Streams of answers that end with their reader. Connect's own clients leave `return` out, so that a `break` out of a
// loop would leave the call going on, here and at the peer, until its deadline, if it has one. Invariants:
//   S1. Who stops to read a stream ends its call: the peer is told by a cancellation.
//   S2. A stream that nobody has begun to read cannot bring the process down by its failure.
import type { DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createClient,
  type CallOptions,
  type Client,
  type Transport,
} from "@connectrpc/connect";

type StreamingCall = (request: unknown, options?: CallOptions) => AsyncIterable<unknown>;

/** Connect's client, with streams that end with their reader. */
export function createEndingClient<S extends DescService>(service: S, transport: Transport): Client<S> {
  const client = createClient(service, withQuietStreams(transport));
  const calls: Record<string, unknown> = { ...client };
  for (const { localName, methodKind } of service.methods) {
    if (methodKind !== "server_streaming" && methodKind !== "bidi_streaming") continue;
    calls[localName] = ending(calls[localName] as StreamingCall);
  }
  return calls as Client<S>;
}

function ending(call: StreamingCall): StreamingCall {
  return (request, options) => {
    const left = new AbortController();
    const signal =
      options?.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
    const answers = call(request, { ...options, signal });
    return {
      [Symbol.asyncIterator]() {
        const iterator = answers[Symbol.asyncIterator]();
        return {
          next: () => iterator.next(),
          async return(value: unknown) {
            left.abort(new ConnectError("the answers are no longer read", Code.Canceled));
            return { done: true, value };
          },
        };
      },
    };
  };
}

/** Whoever reads the stream sees its failure (S2). */
function withQuietStreams(transport: Transport): Transport {
  return {
    unary: (...call) => transport.unary(...call),
    stream: (...call) => {
      const response = transport.stream(...call);
      response.catch(() => {});
      return response;
    },
  };
}
