// `/v1/health/…`: instances with their checks.
import { refuseFilter } from "./agent-services.ts";
import { checksResource, serviceResource, type AgentState } from "./agent-state.ts";
import type { IndexClock } from "./index-clock.ts";
import type { NodeShape } from "./node.ts";
import { answerBlocking, hasFlag, type Route } from "./router.ts";
import { checkShape, healthServiceShape, nodeCheckShape } from "./shapes.ts";

export function healthRoutes(state: AgentState, clock: IndexClock, node: NodeShape): readonly Route[] {
  const checksOf = (serviceId: string) => {
    const service = state.service(serviceId);
    return state.checksOf(serviceId).map((check) => checkShape(check, service));
  };
  return [
    {
      method: "GET",
      path: "/v1/health/service/:name",
      handle(request) {
        const { query } = request;
        refuseFilter(query);
        const name = request.param("name");
        const tags = query.getAll("tag");
        const read = () =>
          state
            .servicesNamed(name)
            .filter((service) => tags.every((tag) => hasTag(service.tags, tag)))
            .map((service) => ({
              Node: node,
              Service: healthServiceShape(service),
              Checks: [nodeCheckShape, ...checksOf(service.id)],
            }))
            .filter(
              ({ Checks }) =>
                !hasFlag(query, "passing") || Checks.every((check) => check["Status"] === "passing"),
            );
        return answerBlocking(
          clock,
          request,
          () => clock.of(serviceResource(name)),
          () => ({ body: read() }),
        );
      },
    },
    {
      method: "GET",
      path: "/v1/health/checks/:name",
      handle(request) {
        refuseFilter(request.query);
        const name = request.param("name");
        return answerBlocking(
          clock,
          request,
          () => clock.of(serviceResource(name)),
          () => ({ body: state.servicesNamed(name).flatMap((service) => checksOf(service.id)) }),
        );
      },
    },
    {
      method: "GET",
      path: "/v1/health/state/:state",
      handle(request) {
        refuseFilter(request.query);
        const wanted = request.param("state");
        const read = () =>
          [
            nodeCheckShape,
            ...state.checks().map((check) => checkShape(check, state.service(check.serviceId))),
          ].filter((check) => wanted === "any" || check["Status"] === wanted);
        return answerBlocking(
          clock,
          request,
          () => clock.of(checksResource),
          () => ({ body: read() }),
        );
      },
    },
  ];
}

/** Tags are compared without case, as in Consul. */
export function hasTag(tags: readonly string[], wanted: string): boolean {
  return tags.some((tag) => tag.toLowerCase() === wanted.toLowerCase());
}
