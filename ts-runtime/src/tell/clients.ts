// Typed clients that ask and tell: both stand on the same generated method.
import type {
  DescMessage,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { Clients } from "../client/index.ts";
import { tellableMethod } from "../descriptor/index.ts";
import { tracePassedOn } from "../telemetry/index.ts";
import type { Receipt } from "./receipt.ts";
import type { ReplyOptions } from "./replies.ts";
import type { TellCircumstances, Teller, TellOptions } from "./teller.ts";

/** Tells a method: resolves when the tell is stored. */
type Tell<M> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: TellOptions) => Promise<Receipt<O>>
    : never;

/**
 * Tells the unary methods of a service: `client.tell.ship({ orderId })`. It is stored before the promise resolves, and
 * reaches the same handler as a call, even if no instance runs now; at least once on the wire, once in effect, as only
 * methods may be told whose handler de-duplicates or is idempotent: touching another one is a TypeError.
 */
export type TellClient<S extends DescService> = {
  readonly [K in keyof S["method"] as S["method"][K] extends { methodKind: "unary" } ? K : never]: Tell<
    S["method"][K]
  >;
};

/** A client of a service, with `tell` beside its methods; a service that has a method `Tell` keeps that one. */
export type TellingClient<S extends DescService> = Client<S> &
  ("tell" extends keyof S["method"] ? unknown : { readonly tell: TellClient<S> });

interface TellingFactory {
  /** As `client` of `Clients`, with `tell` beside the methods. */
  client<S extends DescService>(
    this: void,
    service: S,
    options?: Parameters<Clients["client"]>[1],
  ): TellingClient<S>;
}

/** The clients of a process, and their connections. */
export interface TellingClients extends TellingFactory, AsyncDisposable {
  /**
   * Clients for use inside a handler: their calls inherit what is left of its deadline, its signal and its trace, and
   * their tells the deadline and the trace.
   */
  within(this: void, context: Pick<HandlerContext, "signal" | "timeoutMs" | "requestHeader">): TellingFactory;
  /**
   * The reply to a tell, by the token that `String(receipt)` gave, in whatever process; as `receipt.reply` does.
   * @throws SAMSPEL_INVALID_REQUEST for what is no token.
   */
  reply<O extends DescMessage>(
    this: void,
    method: DescMethodUnary<DescMessage, O>,
    token: string,
    options?: ReplyOptions,
  ): Promise<MessageShape<O>>;
  /** Closes all connections; calls in flight fail. */
  close(): Promise<void>;
}

/** Clients that tell, too. They close with each other. */
export function withTells(clients: Clients, teller: Teller): TellingClients {
  const close = async (): Promise<void> => {
    await Promise.all([clients.close(), teller[Symbol.asyncDispose]()]);
  };
  return {
    ...factory(clients, teller, () => ({})),
    within: (context) =>
      factory(clients.within(context), teller, () => ({
        headers: tracePassedOn(context.requestHeader),
        leftMs: context.timeoutMs(),
      })),
    reply: (method, token, options) => teller.reply(method, token, options),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function factory(
  clients: Pick<Clients, "client">,
  teller: Pick<Teller, "tell">,
  circumstances: () => TellCircumstances,
): TellingFactory {
  return {
    client: (service, options) =>
      withTell(clients.client(service, options), { service, teller, circumstances }),
  };
}

interface Telling<S extends DescService> {
  readonly service: S;
  readonly teller: Pick<Teller, "tell">;
  readonly circumstances: () => TellCircumstances;
}

/** Adds `tell` to a client; it is made when it is first touched, as most clients only ask. */
export function withTell<S extends DescService>(calls: Client<S>, telling: Telling<S>): TellingClient<S> {
  let tell: object | undefined;
  if (!("tell" in calls)) {
    const get = (): object => (tell ??= tellMethods(telling));
    Object.defineProperty(calls, "tell", { enumerable: true, get });
  }
  return calls as TellingClient<S>;
}

/** The unary methods of a service; touching one that may not be told is a TypeError. */
function tellMethods({ service, teller, circumstances }: Telling<DescService>): object {
  const methods = {};
  for (const method of service.methods) {
    if (method.methodKind !== "unary") continue;
    const get = (): unknown => {
      const told = tellableMethod(method).method;
      return (request: MessageInitShape<DescMessage>, options?: TellOptions) =>
        teller.tell(told, request, options, circumstances());
    };
    Object.defineProperty(methods, method.localName, { enumerable: true, get });
  }
  return methods;
}
