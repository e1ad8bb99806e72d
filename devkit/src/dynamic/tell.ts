// Tells a method, and says what becomes of it.
import type { CallEvent } from "./call.ts";
import { outcomeOf, succeeded, type Outcome } from "./call-end.ts";
import { tellOf } from "./generic-client.ts";
import { writeMessage } from "./json-message.ts";
import { DynamicError } from "./dynamic-error.ts";
import type { PreparedCall } from "./prepared-call.ts";

const replyMs = 10_000;

export async function* tell(prepared: PreparedCall): AsyncGenerator<CallEvent, void> {
  const { call, method, types, requests, traced, clients } = prepared;
  const { timeoutMs = replyMs, signal, forget = false } = call;
  const tellIt = tellOf(clients, method);
  if (requests.type === "stream") throw new DynamicError("invalid", "Cannot tell a stream");
  const startedAt = performance.now();
  let outcome: Outcome = succeeded;
  try {
    const receipt = await tellIt(requests.message, {
      headers: traced.headers,
      timeoutMs,
      ...(call.commandId === undefined ? {} : { idempotencyKey: call.commandId }),
    });
    yield { type: "start", traceId: traced.traceId, instance: "", receipt: String(receipt) };
    if (!forget) {
      const reply = await receipt.reply({ timeoutMs, ...(signal === undefined ? {} : { signal }) });
      yield { type: "message", json: writeMessage(method.output, reply, types) };
    }
  } catch (error) {
    outcome = outcomeOf(error, types);
  }
  yield { type: "end", ...outcome, headers: {}, trailers: {}, tookMs: performance.now() - startedAt };
}
