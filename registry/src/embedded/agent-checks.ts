// `/v1/agent/check…`: checks of their own, and what the owners of TTL checks report.
import type { AgentState, CheckStatus } from "./agent-state.ts";
import { refuseFilter } from "./agent-services.ts";
import { parseBody } from "./body.ts";
import { checkFields, parseCheckDefinition, parseStatus } from "./check-definition.ts";
import type { CheckKeeper } from "./check-keeper.ts";
import { Refusal } from "./refusal.ts";
import type { Reply, Request, Route } from "./router.ts";
import { checkShape } from "./shapes.ts";

export function agentCheckRoutes(state: AgentState, keeper: CheckKeeper): readonly Route[] {
  const report = (path: string, status: CheckStatus): Route => ({
    method: "PUT",
    path: `/v1/agent/check/${path}/:id`,
    handle({ param, query }) {
      keeper.report(knownTtl(state, param("id")), status, query.get("note") ?? "");
      return {};
    },
  });
  return [
    {
      method: "GET",
      path: "/v1/agent/checks",
      handle({ query }) {
        refuseFilter(query);
        const shapes = state
          .checks()
          .map((check) => [check.id, checkShape(check, state.service(check.serviceId))] as const);
        return { body: Object.fromEntries(shapes) };
      },
    },
    {
      method: "PUT",
      path: "/v1/agent/check/register",
      handle: (request) => register(state, keeper, request),
    },
    {
      method: "PUT",
      path: "/v1/agent/check/deregister/:id",
      handle({ param }) {
        keeper.remove(known(state, param("id")));
        return {};
      },
    },
    report("pass", "passing"),
    report("warn", "warning"),
    report("fail", "critical"),
    {
      method: "PUT",
      path: "/v1/agent/check/update/:id",
      handle({ param, body: bytes }) {
        const body = parseBody(bytes, { known: "Status Output" });
        const status = parseStatus(body.string("Status"));
        keeper.report(knownTtl(state, param("id")), status, body.string("Output"));
        return {};
      },
    },
  ];
}

function register(state: AgentState, keeper: CheckKeeper, { body: bytes }: Request): Reply {
  const body = parseBody(bytes, checkFields);
  const name = body.string("Name");
  if (name === "") throw new Refusal(400, "Missing check name");
  const serviceId = body.string("ServiceID");
  if (serviceId !== "" && state.service(serviceId) === undefined) {
    throw new Refusal(404, `ServiceID "${serviceId}" does not exist`);
  }
  const status = body.string("Status");
  keeper.add({
    id: body.string("CheckID") || body.string("ID") || name,
    name,
    notes: body.string("Notes"),
    serviceId,
    status: status === "" ? "critical" : parseStatus(status),
    output: "",
    definition: parseCheckDefinition(body),
  });
  return {};
}

function known(state: AgentState, id: string): string {
  if (state.check(id) !== undefined) return id;
  throw new Refusal(404, `Unknown check ID "${id}". Ensure that the check ID is passed, not the check name.`);
}

function knownTtl(state: AgentState, id: string): string {
  known(state, id);
  if (state.check(id)?.definition.type === "ttl") return id;
  throw new Refusal(500, `CheckID "${id}" does not have associated TTL`);
}
