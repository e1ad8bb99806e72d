// From plain values to the messages of the API.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  EdgeKind,
  ServiceState,
  type EdgeSchema,
  type InstanceSchema,
  type ServiceSchema,
  type TrafficSchema,
  type WatchSystemResponseSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { Traffic, TrafficEdge } from "../../collector/index.ts";
import { durationOf, timestampOf } from "../time.ts";
import type { InstanceView, RestView, ServiceView } from "./views.ts";

const states = {
  down: ServiceState.DOWN,
  building: ServiceState.BUILDING,
  starting: ServiceState.STARTING,
  ready: ServiceState.READY,
  draining: ServiceState.DRAINING,
  crashed: ServiceState.CRASHED,
} as const;

const kinds = { ask: EdgeKind.ASK, tell: EdgeKind.TELL, topic: EdgeKind.TOPIC } as const;

function serviceMessage(view: ServiceView): MessageInitShape<typeof ServiceSchema> {
  const { status, instances, traffic, ...same } = view;
  return {
    ...same,
    protoServices: [...view.protoServices],
    ownServices: [...view.ownServices],
    state: states[status],
    instances: instances.map(instanceMessage),
    ...(traffic === undefined ? {} : { traffic: trafficMessage(traffic) }),
  };
}

function instanceMessage({
  pid,
  sinceMs,
  ...instance
}: InstanceView): MessageInitShape<typeof InstanceSchema> {
  return { ...instance, pid: BigInt(pid), since: timestampOf(sinceMs) };
}

function edgeMessage({ kind, traffic, ...edge }: TrafficEdge): MessageInitShape<typeof EdgeSchema> {
  return { ...edge, kind: kinds[kind], traffic: trafficMessage(traffic) };
}

/** An edge on which nothing passed for a minute. */
function goneEdge({ source, target, kind, subject }: TrafficEdge): MessageInitShape<typeof EdgeSchema> {
  return { source, target, kind: kinds[kind], subject, traffic: { count: 0n } };
}

/** What changed, or all. */
export interface Changes {
  readonly services: readonly ServiceView[];
  readonly edges: readonly TrafficEdge[];
  /** Of a delta. */
  readonly gone?: { readonly services: readonly ServiceView[]; readonly edges: readonly TrafficEdge[] };
}

export function systemMessage(
  { problems, infra, ...rest }: RestView,
  { services, edges, gone }: Changes,
): MessageInitShape<typeof WatchSystemResponseSchema> {
  return {
    ...rest,
    infra: [...infra],
    problems: problems.map(({ sinceMs, ...problem }) => ({ ...problem, since: timestampOf(sinceMs) })),
    services: services.map(serviceMessage),
    edges: [...edges.map(edgeMessage), ...(gone?.edges.map(goneEdge) ?? [])],
    delta: gone !== undefined,
    goneServices: gone?.services.map(({ name }) => name) ?? [],
  };
}

function trafficMessage({ count, errors, p50Ms, p99Ms }: Traffic): MessageInitShape<typeof TrafficSchema> {
  return {
    count: BigInt(count),
    errors: BigInt(errors),
    p50: durationOf(p50Ms),
    p99: durationOf(p99Ms),
  };
}
