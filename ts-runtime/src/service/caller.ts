// Who calls: the address at the other end of the connection, for logs.
import { createContextKey, type ContextKey, type HandlerContext } from "@connectrpc/connect";

interface Connection {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** The connection itself: most handlers never ask, and its address costs a call into the system. */
export const callerKey: ContextKey<Connection> = createContextKey<Connection>(
  {},
  { description: "samspel.caller" },
);

/** `address:port` of the caller, or of the proxy before it; `unknown` for a call within the process. */
export function callerAddress(context: Pick<HandlerContext, "values">): string {
  const { remoteAddress, remotePort } = context.values.get(callerKey);
  if (remoteAddress === undefined) return "unknown";
  return remoteAddress.includes(":") ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
