// `/v1/catalog/…`: what there is, whether it lives or not.
import { refuseFilter } from "./agent-services.ts";
import { serviceResource, servicesResource, type AgentState } from "./agent-state.ts";
import { hasTag } from "./health.ts";
import type { IndexClock } from "./index-clock.ts";
import { datacenter, type NodeShape } from "./node.ts";
import { answerBlocking, type Route } from "./router.ts";
import { catalogServiceShape } from "./shapes.ts";

export function catalogRoutes(state: AgentState, clock: IndexClock, node: NodeShape): readonly Route[] {
  return [
    { method: "GET", path: "/v1/catalog/datacenters", handle: () => ({ body: [datacenter] }) },
    { method: "GET", path: "/v1/catalog/nodes", handle: () => ({ body: [node], index: 1n }) },
    {
      method: "GET",
      path: "/v1/catalog/services",
      handle(request) {
        refuseFilter(request.query);
        return answerBlocking(
          clock,
          request,
          () => clock.of(servicesResource),
          () => ({ body: tagsByName(state) }),
        );
      },
    },
    {
      method: "GET",
      path: "/v1/catalog/service/:name",
      handle(request) {
        refuseFilter(request.query);
        const name = request.param("name");
        const tags = request.query.getAll("tag");
        const read = () =>
          state
            .servicesNamed(name)
            .filter((service) => tags.every((tag) => hasTag(service.tags, tag)))
            .map((service) => catalogServiceShape(service, node));
        return answerBlocking(
          clock,
          request,
          () => clock.of(serviceResource(name)),
          () => ({ body: read() }),
        );
      },
    },
  ];
}

function tagsByName(state: AgentState): Readonly<Record<string, readonly string[]>> {
  const tags = new Map<string, Set<string>>();
  for (const service of state.services()) {
    const known = tags.get(service.name) ?? new Set();
    for (const tag of service.tags) known.add(tag);
    tags.set(service.name, known);
  }
  return Object.fromEntries([...tags].map(([name, set]) => [name, [...set].sort()]));
}
