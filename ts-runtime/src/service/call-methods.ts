// The methods of bindings as gRPC calls run them: a handler by itself, or within Connect's interceptors.
import type { Message } from "@bufbuild/protobuf";
import { createServiceImplSpec, type Interceptor, type MethodImplSpec } from "@connectrpc/connect";
import {
  createAsyncIterable,
  invokeUnaryImplementation,
  transformInvokeImplementation,
} from "@connectrpc/connect/protocol";
import {
  handlerContext,
  type CallContext,
  type CallOrigin,
  type Run,
  type ServedMethod,
} from "../grpc/index.ts";
import type { ServiceBinding } from "./binding.ts";

export interface ServedOptions {
  readonly bindings: readonly ServiceBinding[];
  /** The first one outermost. */
  readonly interceptors: readonly Interceptor[];
  /** The deadline of unary calls that bring none, in milliseconds. */
  readonly timeoutMs: number;
}

/** What is served, by gRPC. */
export function servedMethods<O extends CallOrigin>(options: ServedOptions): readonly ServedMethod<O>[] {
  return options.bindings.flatMap(({ service, impl }) =>
    Object.values(createServiceImplSpec(service, impl).methods).map((spec) => ({
      method: spec.method,
      timeoutMs: spec.kind === "unary" ? options.timeoutMs : undefined,
      ...(options.interceptors.length === 0
        ? direct<O>(spec)
        : intercepted<O>(spec, [...options.interceptors])),
    })),
  );
}

function direct<O extends CallOrigin>(spec: MethodImplSpec): Run<O> {
  switch (spec.kind) {
    case "unary":
      return {
        takes: "one",
        gives: "one",
        run: (request, { context }) => spec.impl(request, handlerContext(context)),
      };
    case "server_streaming":
      return {
        takes: "one",
        gives: "many",
        run: (request, { context }) => spec.impl(request, handlerContext(context)),
      };
    case "client_streaming":
      return {
        takes: "many",
        gives: "one",
        run: (requests, { context }) => spec.impl(requests, handlerContext(context)),
      };
    case "bidi_streaming":
      return {
        takes: "many",
        gives: "many",
        run: (requests, { context }) => spec.impl(requests, handlerContext(context)),
      };
  }
}

/** By Connect's own means, so that interceptors find all that they know. */
function intercepted<O extends CallOrigin>(spec: MethodImplSpec, interceptors: Interceptor[]): Run<O> {
  if (spec.kind === "unary") {
    return {
      takes: "one",
      gives: "one",
      run: (request, { context }) =>
        invokeUnaryImplementation(spec, { ...handlerContext(context) }, request, interceptors),
    };
  }
  const stream = (requests: AsyncIterable<Message>, context: CallContext): AsyncIterable<Message> =>
    transformInvokeImplementation(spec, { ...handlerContext(context) }, interceptors)(requests);
  if (spec.kind === "server_streaming") {
    return {
      takes: "one",
      gives: "many",
      run: (request, { context }) => stream(createAsyncIterable([request]), context),
    };
  }
  return { takes: "many", gives: "many", run: (requests, { context }) => stream(requests, context) };
}
