// Calls as the dashboard's server makes them: the cart remembers, streams go on until they are stopped.

import type { CallRequest, CallResponse } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CallResponseSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { setTimeout as sleep } from "node:timers/promises";
import type { Carts } from "./carts.ts";
import { duration } from "./time.ts";
import { callTraceId } from "./traces.ts";

type Answer = MessageInitShape<typeof CallResponseSchema>;
type EndCode = "OK" | "FAILED_PRECONDITION" | "INVALID_ARGUMENT";

const messageMs = 120;

function say(message: unknown): Answer {
  return { event: { case: "message", value: JSON.stringify(message) } };
}

function end(code: EndCode, message = "", details: readonly unknown[] = []): Answer {
  return {
    event: {
      case: "end",
      value: {
        code,
        message,
        details: details.map((detail) => JSON.stringify(detail)),
        headers: { "content-type": "application/grpc" },
        trailers: { "samspel-position": "8021-7" },
        took: duration(3.2),
      },
    },
  };
}

function refused(reason: string, message: string): Answer {
  return end("FAILED_PRECONDITION", message, [
    { "@type": "samspel.v1.ErrorDetail", code: reason, retryable: false },
  ]);
}

/** Answers a call; what it is not told of, it echoes. */
export async function* fakeCall(
  carts: Carts,
  request: CallRequest,
  signal: AbortSignal,
): AsyncGenerator<Answer> {
  const receipt = request.tell ? "receipt-1" : "";
  const start: CallResponse["event"] & { case: "start" } = {
    case: "start",
    value: {
      $typeName: "samspel.dev.v1.CallStart",
      traceId: callTraceId,
      instance: request.instance || "cart-127-0-0-1-52010",
      receipt,
    },
  };
  yield { event: start };
  const body: { cartId?: string; sku?: string; quantity?: number } = JSON.parse(request.requests[0] ?? "{}");
  const id = body.cartId ?? "";
  switch (request.method) {
    case "AddItem": {
      if (!((body.quantity ?? 0) >= 1)) {
        yield end("INVALID_ARGUMENT", "quantity must be at least 1");
        return;
      }
      if (carts.state(id, carts.revision(id))["checkedOut"] === true) {
        yield refused("CART_CHECKED_OUT", `${id} is checked out`);
        return;
      }
      carts.append(id, { case: "itemAdded", value: { sku: body.sku ?? "", quantity: body.quantity ?? 0 } });
      yield say(carts.state(id, carts.revision(id)));
      yield end("OK");
      return;
    }
    case "GetCart":
      yield say(carts.state(id, carts.revision(id)));
      yield end("OK");
      return;
    case "ListInvoices":
      for (const cart of ["cart-11", "cart-12", "cart-13"])
        yield say({ invoice: { cartId: cart, totalCents: "1290" } });
      yield end("OK");
      return;
    case "CheckedOut":
    case "WatchPopularItems":
      for (let number = 1; !signal.aborted; number++) {
        yield say({ cartId: `cart-${number}`, items: { apple: number } });
        await sleep(messageMs, undefined, { signal }).catch(() => undefined);
      }
      return;
    default:
      for (const one of request.requests) yield say(JSON.parse(one));
      yield end("OK");
  }
}
