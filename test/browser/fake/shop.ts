// A shop as a dashboard sees it: six services in five languages, with traffic that moves.
import { create } from "@bufbuild/protobuf";
import {
  EdgeKind,
  EdgeSchema,
  ProblemSchema,
  ServiceSchema,
  ServiceState,
  TrafficSchema,
  WatchSystemResponseSchema,
  type Edge,
  type Service,
  type Traffic,
  type WatchSystemResponse,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

import { duration, time } from "./time.ts";

/** What all services of the fake began at. */
export const startedAt = Date.parse("2026-01-15T09:00:00Z");

const tools = ["BackofficeService", "InspectionService", "TopicService"].map((name) => `samspel.v1.${name}`);

interface Cast {
  readonly name: string;
  readonly language: string;
  readonly serves: readonly string[];
  readonly instances?: number;
  readonly tools?: readonly string[];
  readonly perMinute: number;
  readonly p50Ms: number;
}

const cast: readonly Cast[] = [
  {
    name: "billing",
    language: "java",
    serves: ["billing.v1.BillingService", "billing.v1.BillingTopics"],
    perMinute: 240,
    p50Ms: 7.5,
  },
  {
    name: "cart",
    language: "ts",
    serves: ["cart.v1.CartService", "cart.v1.CartTopics"],
    instances: 3,
    tools,
    perMinute: 1730,
    p50Ms: 3.1,
  },
  {
    name: "inventory",
    language: "python",
    serves: ["inventory.v1.InventoryService"],
    perMinute: 660,
    p50Ms: 5.6,
  },
  {
    name: "popular-items",
    language: "ts",
    serves: ["popular.v1.PopularItemsService"],
    instances: 2,
    tools: tools.slice(0, 1),
    perMinute: 84,
    p50Ms: 1.9,
  },
  {
    name: "recommendations",
    language: "rust",
    serves: ["recommendations.v1.RecommendationService"],
    perMinute: 390,
    p50Ms: 0.7,
  },
  { name: "shipping", language: "go", serves: ["shipping.v1.ShippingService"], perMinute: 96, p50Ms: 2.2 },
];

/** source, target, kind, subject, per minute, p50 in ms, failed. */
type Tie = readonly [string, string, EdgeKind, string, number, number, number?];

const ties: readonly Tie[] = [
  ["gateway", "cart", EdgeKind.ASK, "cart.v1.CartService", 1730, 3.1, 4],
  ["gateway", "recommendations", EdgeKind.ASK, "recommendations.v1.RecommendationService", 390, 0.7],
  ["gateway", "popular-items", EdgeKind.ASK, "popular.v1.PopularItemsService", 84, 1.9],
  ["cart", "inventory", EdgeKind.ASK, "inventory.v1.InventoryService", 420, 5.6],
  ["cart", "inventory", EdgeKind.TOPIC, "cart.v1.CartTopics.CheckedOut", 240, 4.1],
  ["cart", "billing", EdgeKind.TOPIC, "cart.v1.CartTopics.CheckedOut", 240, 7.5],
  ["cart", "shipping", EdgeKind.TOPIC, "cart.v1.CartTopics.CheckedOut", 240, 3.3],
  ["cart", "recommendations", EdgeKind.TOPIC, "cart.v1.CartTopics.CheckedOut", 240, 0.9],
  ["cart", "popular-items", EdgeKind.TOPIC, "cart.v1.CartTopics.CheckedOut", 240, 2.4],
  ["billing", "shipping", EdgeKind.TELL, "shipping.v1.ShippingService", 96, 12.5, 6],
];

function traffic(perMinute: number, p50Ms: number, errors = 0): Traffic {
  return create(TrafficSchema, {
    count: BigInt(Math.round(perMinute)),
    errors: BigInt(errors),
    p50: duration(p50Ms),
    p99: duration(p50Ms * 6.4),
  });
}

/** Between 0.8 and 1.2, slowly. */
function breath(turn: number, phase: number): number {
  return 1 + Math.sin(turn / 5 + phase) * 0.2;
}

function serviceAt(one: Cast, index: number, turn: number): Service {
  const count = one.instances ?? 1;
  return create(ServiceSchema, {
    name: one.name,
    state: ServiceState.READY,
    language: one.language,
    protoServices: [...one.serves],
    ownServices: [...(one.tools ?? [])],
    managed: true,
    traffic: traffic(one.perMinute * breath(turn, index), one.p50Ms, one.name === "shipping" ? 6 : 0),
    instances: Array.from({ length: count }, (_, at) => ({
      id: `${one.name}-127-0-0-1-${52000 + index * 10 + at}`,
      address: `127.0.0.1:${52000 + index * 10 + at}`,
      healthy: true,
      meta: { version: `1.${index}.0`, lang: one.language, samspel_contract: "1" },
      pid: BigInt(4100 + index * 10 + at),
      since: time(startedAt + index * 1300),
    })),
  });
}

/** The shop at a turn of its clock. `turn` 0 is always the same, for pictures. */
export function shopAt(turn: number): WatchSystemResponse {
  return create(WatchSystemResponseSchema, {
    name: "shopping-cart",
    controllable: true,
    services: cast.map((one, index) => serviceAt(one, index, turn)),
    edges: ties.map(([source, target, kind, subject, perMinute, p50Ms, errors], index) =>
      edge({ source, target, kind, subject }, traffic(perMinute * breath(turn, index), p50Ms, errors)),
    ),
    infra: [
      {
        name: "postgres",
        url: "postgres://postgres@127.0.0.1:20572/postgres",
        description: "PostgreSQL 18.4",
        up: true,
      },
      {
        name: "nats",
        url: "nats://127.0.0.1:20488",
        description: "nats-server 2.12.7 with JetStream",
        up: true,
      },
      { name: "registry", url: "http://127.0.0.1:26152", description: "embedded registry", up: true },
    ],
    gatewayUrl: "http://127.0.0.1:9080",
  });
}

function edge(ends: Pick<Edge, "source" | "target" | "kind" | "subject">, of: Traffic): Edge {
  return create(EdgeSchema, { ...ends, traffic: of });
}

/** What is wrong when a service does not build. */
export const buildProblem = create(ProblemSchema, {
  service: "shipping",
  kind: "build",
  summary: "shipping.go:41:7: undefined: dispatchd",
  detail:
    "# shipping\n./shipping.go:41:7: undefined: dispatchd\n./shipping.go:58:2: declared and not used: parcel",
  since: time(startedAt),
});

/** A thousand services, each calling some of those after it. */
export function crowdAt(turn: number, size = 1000): WatchSystemResponse {
  const nameOf = (index: number): string => `service-${String(index).padStart(4, "0")}`;
  return create(WatchSystemResponseSchema, {
    name: "a thousand",
    services: Array.from({ length: size }, (_, index) =>
      serviceAt(
        {
          name: nameOf(index),
          language: cast[index % cast.length]?.language ?? "ts",
          serves: [`crowd.v1.Service${index}`],
          instances: 1 + (index % 3),
          perMinute: (index * 37) % 900,
          p50Ms: 1 + (index % 17),
        },
        index,
        turn,
      ),
    ),
    edges: Array.from({ length: size * 2 }, (_, index) => {
      const from = index % size;
      const to = (from + 1 + ((index * 7919) % 61)) % size;
      return edge(
        { source: nameOf(from), target: nameOf(to), kind: EdgeKind.ASK, subject: `crowd.v1.Service${to}` },
        traffic(((index * 53) % 700) + 1, 2 + (index % 9)),
      );
    }),
  });
}
