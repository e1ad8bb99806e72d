// Who calls: the address at the other end of the connection, for logs, and the service by its certificate.
import {
  createContextKey,
  type ContextKey,
  type ContextValues,
  type HandlerContext,
} from "@connectrpc/connect";

interface Connection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Who calls, as far as the connection proves it. */
export type Caller =
  /** A service, by a certificate of the registry's CA that has been verified. */
  | {
      readonly type: "service";
      /** Its name in the registry. */
      readonly service: string;
      readonly spiffeId: string;
    }
  /** Whoever it is, it has not shown: the connection is in plaintext, or the call comes from within the process. */
  | { readonly type: "anonymous" };

export const anonymous: Caller = { type: "anonymous" };

/** The connection itself: most handlers never ask, and its address costs a call into the system. */
export const callerKey: ContextKey<Connection> = createContextKey<Connection>(
  {},
  { description: "samspel.caller" },
);

export const identityKey: ContextKey<Caller> = createContextKey<Caller>(anonymous, {
  description: "samspel.identity",
});

/** `address:port` of the caller, or of the proxy before it; `unknown` for a call within the process. */
export function callerAddress(context: Pick<HandlerContext, "values">): string {
  const { remoteAddress, remotePort } = context.values.get(callerKey);
  if (remoteAddress === undefined) return "unknown";
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/**
 * Who calls, by the certificate of the connection: of a handler's context, or of an interceptor's request. A service
 * without an identity of its own has anonymous callers only, and so has whoever takes a tell.
 */
export function callerOf(
  call: Pick<HandlerContext, "values"> | { readonly contextValues: ContextValues },
): Caller {
  return ("values" in call ? call.values : call.contextValues).get(identityKey);
}
