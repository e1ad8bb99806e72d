// Calls of all three protocols by messages: what comes is decoded, called as gRPC, and what comes back is encoded as the
// caller speaks. Connect's own handlers do both ends; between them stand descriptors in place of generated code.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createConnectRouter,
  type ConnectRouter,
  type HandlerContext,
  type MethodImpl,
  type Transport,
} from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { compressionBrotli, compressionGzip } from "@connectrpc/connect-node";
import { toConnectError, type ServiceBinding } from "@samspel/runtime/proxy";
import type { Admission } from "../admission/index.ts";
import type { OpenService } from "../api/index.ts";
import { incomingKey, type Incoming } from "../http/incoming.ts";
import { headersToService, toHeaders } from "../http/pass-headers.ts";
import { codeName } from "../http/status.ts";

export interface TranscodingOptions {
  readonly transport: Transport;
  readonly admission: Admission;
  readonly maxMessageBytes: number;
  /** Aborts when what still runs is to end. */
  readonly shutdown: AbortSignal;
}

/** A handler for each open method. */
export function transcodingHandlers(
  { methods, types }: OpenService,
  options: TranscodingOptions,
): readonly UniversalHandler[] {
  const router = createRouter(options, types);
  for (const method of methods) router.rpc(method, passOn(method, options));
  return router.handlers;
}

/** Handlers of what the gateway serves itself. */
export function ownHandlers(
  bindings: readonly ServiceBinding[],
  options: TranscodingOptions,
): readonly UniversalHandler[] {
  const router = createRouter({ ...options, admission: undefined });
  for (const { service, impl } of bindings) router.service<DescService>(service, impl);
  return router.handlers;
}

function createRouter(
  {
    admission,
    maxMessageBytes,
    shutdown,
  }: Omit<TranscodingOptions, "admission"> & { readonly admission: Admission | undefined },
  registry?: OpenService["types"],
): ConnectRouter {
  return createConnectRouter({
    acceptCompression: [compressionGzip, compressionBrotli],
    compressMinBytes: 1_024,
    readMaxBytes: maxMessageBytes,
    shutdownSignal: shutdown,
    ...(registry === undefined ? {} : { jsonOptions: { registry } }),
    async requestGate(context) {
      const incoming = context.values.get(incomingKey);
      if (incoming === undefined || admission === undefined) return;
      try {
        await admission.admit(incoming, context.method);
      } catch (error) {
        throw noted(incoming, error);
      }
    },
  });
}

function passOn(method: DescMethod, options: TranscodingOptions): MethodImpl<DescMethod> {
  const { transport, admission } = options;
  const headersOf = (context: HandlerContext): Headers => {
    const incoming = context.values.get(incomingKey);
    if (incoming === undefined) return new Headers();
    const { endsTokens } = admission;
    return toHeaders(headersToService(incoming, { withProtocol: false, endsTokens }));
  };
  const unary = async (request: object, context: HandlerContext): Promise<object> => {
    const incoming = context.values.get(incomingKey);
    try {
      const answer = await transport.unary(
        method as Parameters<Transport["unary"]>[0],
        context.signal,
        context.timeoutMs() ?? 0,
        headersOf(context),
        request as Parameters<Transport["unary"]>[4],
      );
      copy(answer.header, context.responseHeader);
      copy(answer.trailer, context.responseTrailer);
      note(incoming, "ok");
      return answer.message;
    } catch (error) {
      throw noted(incoming, error);
    }
  };
  async function* stream(requests: AsyncIterable<object>, context: HandlerContext): AsyncGenerator<object> {
    const incoming = context.values.get(incomingKey);
    let told: Headers | undefined;
    try {
      const answer = await transport.stream(
        method as Parameters<Transport["stream"]>[0],
        context.signal,
        context.timeoutMs() ?? 0,
        headersOf(context),
        requests as Parameters<Transport["stream"]>[4],
      );
      told = answer.header;
      copy(told, context.responseHeader);
      for await (const message of answer.message) yield message;
      copy(answer.trailer, context.responseTrailer);
      note(incoming, "ok");
    } catch (error) {
      throw noted(incoming, error, told);
    }
  }
  const impls: Readonly<Record<DescMethod["methodKind"], unknown>> = {
    unary,
    server_streaming: (request: object, context: HandlerContext) => stream(only(request), context),
    client_streaming: async (requests: AsyncIterable<object>, context: HandlerContext) => {
      // To the end: the trailers come after the answer.
      const messages: object[] = [];
      for await (const message of stream(requests, context)) messages.push(message);
      const [message] = messages;
      if (message !== undefined && messages.length === 1) return message;
      throw noted(
        context.values.get(incomingKey),
        new ConnectError("the service gave not one answer", Code.Unimplemented),
      );
    },
    bidi_streaming: stream,
  };
  return impls[method.methodKind] as MethodImpl<DescMethod>;
}

async function* only(request: object): AsyncGenerator<object> {
  yield request;
}

/** What is of the one protocol is made anew for the other. */
function copy(from: Headers, to: Headers): void {
  for (const [name, value] of from) {
    if (!/^(grpc-|content-|trailer$|date$|accept-encoding$)/.test(name)) to.append(name, value);
  }
}

/** A deadline that was over here first is told of as Connect does, whichever timer was the first. */
function ownDeadline(error: ConnectError): ConnectError {
  if (error.code !== Code.DeadlineExceeded || error.metadata.has("grpc-status")) return error;
  return new ConnectError("the operation timed out", Code.DeadlineExceeded);
}

/**
 * Errors of a service as its callers see them. Connect would leave out their metadata, so that a service does not tell its
 * callers what others have told it; to be told is what a gateway is for.
 * @param told headers that the caller has already; an error's metadata is both headers and trailers.
 */
function passedOnError(error: ConnectError, told: Headers | undefined): ConnectError {
  const metadata = new Headers();
  copy(error.metadata, metadata);
  for (const name of told?.keys() ?? []) metadata.delete(name);
  const copied = new ConnectError(error.rawMessage, error.code, metadata, undefined, error.cause);
  copied.details = error.details;
  return copied;
}

function note(incoming: Incoming | undefined, code: string): void {
  if (incoming !== undefined) incoming.outcome.code = code;
}

function noted(incoming: Incoming | undefined, error: unknown, told?: Headers): ConnectError {
  const seen = ownDeadline(toConnectError(error));
  note(incoming, codeName(seen.code));
  return passedOnError(seen, told);
}
