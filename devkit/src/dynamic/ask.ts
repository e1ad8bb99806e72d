// Calls a method, and says what becomes of it.
import { ConnectError, type CallOptions } from "@connectrpc/connect";
import { commandId } from "@samspel/runtime";
import type { CallEvent } from "./call.ts";
import { outcomeOf, succeeded, type Outcome } from "./call-end.ts";
import { DynamicError } from "./dynamic-error.ts";
import { callMethod } from "./generic-client.ts";
import { writeMessage } from "./json-message.ts";
import type { PreparedCall } from "./prepared-call.ts";

export async function* ask(prepared: PreparedCall, instance: string): AsyncGenerator<CallEvent, void> {
  const { call, method, types, requests, traced, clients } = prepared;
  const headers: Record<string, string> = {};
  const trailers: Record<string, string> = {};
  const options: CallOptions = {
    headers: { ...traced.headers, ...onceHeaders(call.commandId) },
    onHeader: (values) => void Object.assign(headers, Object.fromEntries(values)),
    onTrailer: (values) => void Object.assign(trailers, Object.fromEntries(values)),
    ...(call.timeoutMs === undefined ? {} : { timeoutMs: call.timeoutMs }),
    ...(call.signal === undefined ? {} : { signal: call.signal }),
  };
  yield { type: "start", traceId: traced.traceId, instance, receipt: "" };
  const startedAt = performance.now();
  let outcome: Outcome = succeeded;
  try {
    for await (const answer of callMethod(clients, method, { requests, options })) {
      yield { type: "message", json: writeMessage(method.output, answer, types) };
    }
  } catch (error) {
    const refused = requests.type === "stream" ? requests.refused() : undefined;
    if (refused !== undefined) throw refused;
    // An error brings both kinds, and cannot tell them apart.
    if (error instanceof ConnectError) Object.assign(trailers, Object.fromEntries(error.metadata));
    outcome = outcomeOf(error, types);
  }
  yield { type: "end", ...outcome, headers, trailers, tookMs: performance.now() - startedAt };
}

function onceHeaders(id: string | undefined): Readonly<Record<string, string>> {
  if (id === undefined) return {};
  try {
    return commandId(id).headers;
  } catch (error) {
    throw new DynamicError("invalid", error instanceof Error ? error.message : String(error));
  }
}
