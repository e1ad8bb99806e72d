// Begins a stream at a client of Node's HTTP/2.
//
// For each request, Node binds a function to an `AsyncResource`, and gives the bound function a property that nobody should
// use any more, with two functions to say so. Where the session stands, the bound function is called at once and forgotten;
// but the property makes it a shape of its own, which V8 keeps until the next full collection, and the stream with it. At 64
// calls in flight that took a fifth of all that a client does. So while a request begins, functions are bound without it.
import { AsyncResource } from "node:async_hooks";
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  ClientSessionRequestOptions,
  OutgoingHttpHeaders,
} from "node:http2";
import type { RawFields } from "../fields.ts";

/** Begins a request; what it throws is what `session.request` does. */
export function beginRequest(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders | RawFields,
  options: ClientSessionRequestOptions,
): ClientHttp2Stream {
  const { prototype } = AsyncResource;
  const nodes: unknown = Reflect.get(prototype, "bind");
  Object.assign(prototype, bindingAlone);
  try {
    return session.request(headers, options);
  } finally {
    Object.assign(prototype, { bind: nodes });
  }
}

const bindingAlone = {
  /** What `AsyncResource.bind` does, without the property `asyncResource`. */
  bind(this: AsyncResource, work: (...args: unknown[]) => unknown, thisArg?: unknown) {
    return (...args: unknown[]): unknown => this.runInAsyncScope(work, thisArg, ...args);
  },
};
