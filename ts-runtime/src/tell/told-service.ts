// A proto service that this process serves, and which of its methods may be told.
import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { createHandlerContext, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { invokeUnaryImplementation } from "@connectrpc/connect/protocol";
import type { Message } from "@bufbuild/protobuf";
import { isTellable } from "../descriptor/index.ts";
import type { ServiceBinding } from "../service/index.ts";

/** A method that may be told. */
export interface ToldMethod {
  readonly method: DescMethodUnary;
  /** Runs the same handler as a call does, inside the same interceptors. */
  invoke(request: Message, context: HandlerContext): Promise<Message>;
}

export interface ToldService {
  readonly service: DescService;
  /** By proto name. */
  readonly methods: ReadonlyMap<string, ToldMethod>;
}

type UnaryHandler = (request: Message, context: HandlerContext) => Message | Promise<Message>;

/** What of a binding may be told; undefined where nothing may. */
export function toldService(
  { service, impl }: ServiceBinding,
  interceptors: readonly Interceptor[],
): ToldService | undefined {
  const methods = new Map<string, ToldMethod>();
  for (const method of service.methods) {
    const handler: unknown = Reflect.get(impl, method.localName);
    if (!isTellable(method) || typeof handler !== "function") continue;
    const spec = { kind: "unary" as const, method, impl: handler.bind(impl) as UnaryHandler };
    methods.set(method.name, {
      method,
      invoke: (request, context) => invokeUnaryImplementation(spec, context, request, [...interceptors]),
    });
  }
  return methods.size === 0 ? undefined : { service, methods };
}

export interface Invocation {
  readonly requestHeader: Headers;
  readonly timeoutMs: number;
  /** Aborts when nobody waits for the handler any longer. */
  readonly signal: AbortSignal;
}

/** The context of a handler that is told; abort it when the handler is done. */
export function tellContext(
  { method }: ToldMethod,
  { requestHeader, timeoutMs, signal }: Invocation,
): ReturnType<typeof createHandlerContext> {
  return createHandlerContext({
    service: method.parent,
    method,
    protocolName: "samspel-tell",
    requestMethod: "POST",
    url: `tell://${method.parent.typeName}/${method.name}`,
    timeoutMs,
    requestSignal: signal,
    requestHeader,
  });
}
