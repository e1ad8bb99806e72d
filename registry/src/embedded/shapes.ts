// Services and checks as Consul's answers show them.
import { createHash } from "node:crypto";
import type { CheckEntry, Indexed, ServiceEntry } from "./agent-state.ts";
import { datacenter, nodeCheckId, nodeName, type NodeShape } from "./node.ts";

type Shape = Readonly<Record<string, unknown>>;

/** As the agent shows its own. */
export function agentServiceShape(service: ServiceEntry): Shape {
  return { ...serviceShape(service), Datacenter: datacenter };
}

function serviceShape(service: ServiceEntry): Shape {
  return {
    ID: service.id,
    Service: service.name,
    Tags: service.tags,
    Meta: service.meta,
    Port: service.port,
    Address: service.address,
    TaggedAddresses: service.taggedAddresses,
    Weights: service.weights,
    EnableTagOverride: service.enableTagOverride,
    ...(service.connectNative ? { Connect: { Native: true } } : {}),
  };
}

/** What a request on one service of the agent may wait for to change. */
export function contentHash(service: ServiceEntry): string {
  return createHash("sha256")
    .update(JSON.stringify(agentServiceShape(service)))
    .digest("hex")
    .slice(0, 16);
}

/** As `/v1/health/service` shows it. */
export function healthServiceShape(service: Indexed<ServiceEntry>): Shape {
  return {
    ...serviceShape(service),
    CreateIndex: Number(service.createIndex),
    ModifyIndex: Number(service.modifyIndex),
  };
}

/** As `/v1/catalog/service` shows it, flattened with its node. */
export function catalogServiceShape(service: Indexed<ServiceEntry>, node: NodeShape): Shape {
  return {
    ID: node.ID,
    Node: node.Node,
    Address: node.Address,
    Datacenter: datacenter,
    TaggedAddresses: node.TaggedAddresses,
    NodeMeta: node.Meta,
    ServiceKind: "",
    ServiceID: service.id,
    ServiceName: service.name,
    ServiceTags: service.tags,
    ServiceAddress: service.address,
    ServiceTaggedAddresses: service.taggedAddresses,
    ServiceWeights: service.weights,
    ServiceMeta: service.meta,
    ServicePort: service.port,
    ServiceEnableTagOverride: service.enableTagOverride,
    ServiceConnect: service.connectNative ? { Native: true } : {},
    CreateIndex: Number(service.createIndex),
    ModifyIndex: Number(service.modifyIndex),
  };
}

export function checkShape(check: Indexed<CheckEntry>, service: ServiceEntry | undefined): Shape {
  const { definition } = check;
  const periodic = definition.type === "ttl" || definition.type === "maintenance" ? undefined : definition;
  return {
    Node: nodeName,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: check.output,
    ServiceID: check.serviceId,
    ServiceName: service?.name ?? "",
    ServiceTags: service?.tags ?? [],
    Type: definition.type,
    Interval: periodic === undefined ? "" : `${periodic.intervalMs}ms`,
    Timeout: periodic === undefined ? "" : `${periodic.timeoutMs}ms`,
    ExposedPort: 0,
    Definition: {},
    CreateIndex: Number(check.createIndex),
    ModifyIndex: Number(check.modifyIndex),
  };
}

/** The node's own check: the node lives while the registry answers. */
export const nodeCheckShape: Shape = {
  Node: nodeName,
  CheckID: nodeCheckId,
  Name: "Serf Health Status",
  Status: "passing",
  Notes: "",
  Output: "Agent alive and reachable",
  ServiceID: "",
  ServiceName: "",
  ServiceTags: [],
  Type: "",
  Interval: "",
  Timeout: "",
  ExposedPort: 0,
  Definition: {},
  CreateIndex: 1,
  ModifyIndex: 1,
};
