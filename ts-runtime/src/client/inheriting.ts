// Calls made on behalf of a call: they inherit what is left of its deadline, its end, and its trace (C1, A3). Its user's
// token only where the code says so: whoever has it can be that user.
import type { HandlerContext, Transport } from "@connectrpc/connect";
import { tracePassedOn } from "../telemetry/index.ts";

/** The call that is being answered; a `HandlerContext` is one. */
export type CallContext = Pick<HandlerContext, "signal" | "timeoutMs" | "requestHeader">;

/** @param forwardsUser whether calls bring the token that the call brought. */
export function inheriting(
  transport: Transport,
  context: CallContext,
  forwardsUser: boolean = false,
): Transport {
  const headerOf = (header: HeadersInit | undefined): Headers => {
    const headers = traced(context, header);
    const token = forwardsUser ? tokenOf(context) : undefined;
    if (token !== undefined && !headers.has("authorization")) headers.set("authorization", token);
    return headers;
  };
  return {
    unary: (method, signal, timeoutMs, header, message, contextValues) =>
      transport.unary(
        method,
        joined(context, signal),
        shorter(context, timeoutMs),
        headerOf(header),
        message,
        contextValues,
      ),
    stream: (method, signal, timeoutMs, header, input, contextValues) =>
      transport.stream(
        method,
        joined(context, signal),
        shorter(context, timeoutMs),
        headerOf(header),
        input,
        contextValues,
      ),
  };
}

function joined(context: CallContext, signal: AbortSignal | undefined): AbortSignal {
  return signal === undefined ? context.signal : AbortSignal.any([context.signal, signal]);
}

function shorter(context: CallContext, asked: number | undefined): number | undefined {
  const leftMs = context.timeoutMs();
  if (leftMs === undefined) return asked;
  // A context that is over has aborted its signal or is about to; 0 would mean "no deadline".
  const inherited = Math.max(1, leftMs);
  return asked === undefined || asked <= 0 ? inherited : Math.min(asked, inherited);
}

function tokenOf({ requestHeader }: CallContext): string | undefined {
  const authorization = requestHeader.get("authorization");
  return authorization !== null && /^bearer /i.test(authorization) ? authorization : undefined;
}

function traced(context: CallContext, header: HeadersInit | undefined): Headers {
  const headers = new Headers(header);
  // A trace of the caller's own replaces the whole of it: a tracestate belongs to its traceparent.
  const inherited = tracePassedOn(context.requestHeader);
  if (headers.has("traceparent")) delete inherited["tracestate"];
  for (const [name, value] of Object.entries(inherited)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  return headers;
}
