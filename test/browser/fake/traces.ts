// Traces of a checkout: ask, entity, journal, topic, tell, projection, in five services.
import { create } from "@bufbuild/protobuf";
import {
  GetTraceResponseSchema,
  TraceSummarySchema,
  type GetTraceResponse,
  type TraceSummary,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { duration, time } from "./time.ts";
import { startedAt } from "./shop.ts";

/** service, name, kind, parent, begins, takes, attributes, what the error says. */
type Step = readonly [string, string, string, number, number, number, Record<string, string>?, string?];

const rpc = (service: string, method: string, code = "OK"): Record<string, string> => ({
  "rpc.system": "grpc",
  "rpc.service": service,
  "rpc.method": method,
  "rpc.grpc.status_code": code === "OK" ? "0" : "9",
});
const topic = { "messaging.system": "nats", "messaging.destination.name": "cart.v1.CartTopics.CheckedOut" };
const entity = { "samspel.entity.type": "cart", "samspel.entity.id": "cart-17" };

const checkout: readonly Step[] = [
  ["gateway", "POST /v1/carts/{cart_id}/checkout", "SERVER", -1, 0, 21.8, { "http.request.method": "POST" }],
  ["gateway", "cart.v1.CartService/Checkout", "CLIENT", 0, 0.9, 20.2, rpc("cart.v1.CartService", "Checkout")],
  ["cart", "cart.v1.CartService/Checkout", "SERVER", 1, 1.6, 18.9, rpc("cart.v1.CartService", "Checkout")],
  ["cart", "cart Checkout", "INTERNAL", 2, 2, 18, { ...entity, "samspel.revision": "6" }],
  [
    "cart",
    "inventory.v1.InventoryService/Reserve",
    "CLIENT",
    3,
    2.6,
    9.1,
    rpc("inventory.v1.InventoryService", "Reserve"),
  ],
  [
    "inventory",
    "inventory.v1.InventoryService/Reserve",
    "SERVER",
    4,
    3.8,
    7.2,
    rpc("inventory.v1.InventoryService", "Reserve"),
  ],
  ["cart", "journal append", "INTERNAL", 3, 12.6, 6.3, { ...entity, "samspel.revision": "6" }],
  ["cart", "publish cart.v1.CartTopics.CheckedOut", "PRODUCER", 6, 24.1, 2.2, topic],
  [
    "popular-items",
    "projection popular-items",
    "CONSUMER",
    6,
    25.4,
    8.8,
    { "samspel.projection": "popular-items" },
  ],
  ["inventory", "process cart.v1.CartTopics.CheckedOut", "CONSUMER", 7, 27.2, 6.1, topic],
  ["billing", "process cart.v1.CartTopics.CheckedOut", "CONSUMER", 7, 27.9, 14.4, topic],
  [
    "billing",
    "tell shipping.v1.ShippingService/Dispatch",
    "PRODUCER",
    10,
    38.2,
    2.9,
    { "samspel.tell.id": "t-8841" },
  ],
  [
    "shipping",
    "shipping.v1.ShippingService/Dispatch",
    "CONSUMER",
    11,
    43.5,
    12.1,
    { "samspel.tell.id": "t-8841", ...rpc("shipping.v1.ShippingService", "Dispatch") },
  ],
  ["shipping", "process cart.v1.CartTopics.CheckedOut", "CONSUMER", 7, 28.3, 3.1, topic],
  ["recommendations", "process cart.v1.CartTopics.CheckedOut", "CONSUMER", 7, 28, 1.2, topic],
];

const refused: readonly Step[] = [
  [
    "gateway",
    "cart.v1.CartService/AddItem",
    "CLIENT",
    -1,
    0,
    5.2,
    rpc("cart.v1.CartService", "AddItem", "9"),
    "the cart is checked out",
  ],
  [
    "cart",
    "cart.v1.CartService/AddItem",
    "SERVER",
    0,
    0.6,
    4.1,
    rpc("cart.v1.CartService", "AddItem", "9"),
    "the cart is checked out",
  ],
];

const quick: readonly Step[] = [
  [
    "gateway",
    "recommendations.v1.RecommendationService/Recommend",
    "CLIENT",
    -1,
    0,
    1.1,
    rpc("recommendations.v1.RecommendationService", "Recommend"),
  ],
  [
    "recommendations",
    "recommendations.v1.RecommendationService/Recommend",
    "SERVER",
    0,
    0.3,
    0.7,
    rpc("recommendations.v1.RecommendationService", "Recommend"),
  ],
];

const kinds = [checkout, quick, refused, quick] as const;
const traceCount = 24;

/** The id of the nth trace. */
export function traceIdOf(index: number): string {
  return (0xabc0 + index).toString(16).padStart(32, "4bf92f3577b34da6a3ce929d0e0e4736");
}

/** The trace of calls that are made from the dashboard. */
export const callTraceId = traceIdOf(0);

function stepsOf(index: number): readonly Step[] {
  return kinds[index % kinds.length] ?? checkout;
}

/** A trace with its log lines. */
export function traceOf(traceId: string): GetTraceResponse | undefined {
  const index = Array.from({ length: traceCount }, (_, at) => at).find((at) => traceIdOf(at) === traceId);
  if (index === undefined) return undefined;
  const start = startedAt + 60_000 - index * 1400;
  const spanId = (at: number): string => (at < 0 ? "" : (0xf00 + at).toString(16).padStart(16, "0"));
  return create(GetTraceResponseSchema, {
    spans: stepsOf(index).map(([service, name, kind, parent, begin, ms, attributes, message], at) => ({
      spanId: spanId(at),
      parentSpanId: spanId(parent),
      service,
      name,
      kind,
      start: time(start + begin),
      duration: duration(ms),
      attributes: attributes ?? {},
      error: message !== undefined,
      message: message ?? "",
      events: kind === "SERVER" ? [{ name: "request read", time: time(start + begin + 1) }] : [],
    })),
    logs: [
      {
        number: 1n,
        service: "cart",
        level: "info",
        message: "checked out cart-17",
        time: time(start + 19),
        traceId,
        fields: '{"items":3}',
      },
      {
        number: 2n,
        service: "billing",
        level: "info",
        message: "invoice written",
        time: time(start + 40),
        traceId,
        fields: "{}",
      },
    ],
  });
}

/** The list, the newest first. */
export function traceList(): readonly TraceSummary[] {
  return Array.from({ length: traceCount }, (_, index) => {
    const steps = stepsOf(index);
    return create(TraceSummarySchema, {
      traceId: traceIdOf(index),
      name: steps[0]?.[1] ?? "",
      service: steps[0]?.[0] ?? "",
      start: time(startedAt + 60_000 - index * 1400),
      duration: duration(
        Math.max(...steps.map(([, , , , begin, ms]) => begin + ms)) * (1 + (index % 5) * 0.3),
      ),
      spans: steps.length,
      errors: steps.filter((step) => step[7] !== undefined).length,
      services: [...new Set(steps.map(([service]) => service))],
    });
  });
}
