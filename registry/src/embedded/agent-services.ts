// `/v1/agent/service…`: what instances say of themselves.
import type { AgentState, CheckEntry, ServiceEntry } from "./agent-state.ts";
import { parseBody, type Body, type Fields } from "./body.ts";
import { checkFields, parseCheckDefinition, parseStatus } from "./check-definition.ts";
import type { CheckKeeper } from "./check-keeper.ts";
import { parseWait, type IndexClock } from "./index-clock.ts";
import { Refusal } from "./refusal.ts";
import { hasFlag, type Reply, type Request, type Route } from "./router.ts";
import { agentServiceShape, contentHash } from "./shapes.ts";

const serviceFields: Fields = {
  known:
    "ID Name Tags Port Address TaggedAddresses EnableTagOverride Meta Weights Check Checks Token Connect",
  unsupported: "Kind Proxy SocketPath Namespace Partition Locality Ports",
};

export function agentServiceRoutes(
  state: AgentState,
  keeper: CheckKeeper,
  clock: IndexClock,
): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/agent/services",
      handle({ query }) {
        refuseFilter(query);
        return {
          body: Object.fromEntries(
            state.services().map((service) => [service.id, agentServiceShape(service)]),
          ),
        };
      },
    },
    {
      method: "PUT",
      path: "/v1/agent/service/register",
      handle(request) {
        register(state, keeper, request);
        return {};
      },
    },
    {
      method: "PUT",
      path: "/v1/agent/service/deregister/:id",
      handle(request) {
        const service = known(state, request.param("id"));
        keeper.removeAll(service.id);
        state.removeService(service.id);
        return {};
      },
    },
    {
      method: "PUT",
      path: "/v1/agent/service/maintenance/:id",
      handle: (request) => maintain(state, keeper, request),
    },
    { method: "GET", path: "/v1/agent/service/:id", handle: (request) => show(state, clock, request) },
  ];
}

/** A filter that is not applied would be worse than none. */
export function refuseFilter(query: URLSearchParams): void {
  if ((query.get("filter") ?? "") === "") return;
  throw new Refusal(400, "The embedded registry does not do ?filter: run a real Consul for it");
}

function register(state: AgentState, keeper: CheckKeeper, { body: bytes, query }: Request): void {
  const body = parseBody(bytes, serviceFields);
  const service = parseService(body);
  const single = body.child("Check", checkFields);
  const bodies = [...(single === undefined ? [] : [single]), ...body.children("Checks", checkFields)];
  const checks = bodies.map((check, index) => parseServiceCheck(check, service, index, bodies.length));
  state.putService(service);
  if (hasFlag(query, "replace-existing-checks")) {
    for (const { id } of state.checksOf(service.id))
      if (!checks.some((check) => check.id === id)) keeper.remove(id);
  }
  for (const check of checks) keeper.add(check);
}

function parseService(body: Body): ServiceEntry {
  const name = body.string("Name");
  if (name === "") throw new Refusal(400, "Missing service name");
  const address = body.string("Address");
  if (address === "0.0.0.0" || address === "::" || address === "[::]") {
    throw new Refusal(400, "Invalid service address");
  }
  const meta = body.stringMap("Meta");
  checkMeta(meta);
  const port = body.number("Port") ?? 0;
  const weights = body.child("Weights", { known: "Passing Warning" });
  return {
    id: body.string("ID") || name,
    name,
    tags: body.strings("Tags") ?? [],
    meta,
    address,
    port,
    taggedAddresses:
      body.raw("TaggedAddresses") ??
      (address === ""
        ? {}
        : { lan_ipv4: { Address: address, Port: port }, wan_ipv4: { Address: address, Port: port } }),
    weights: { Passing: weights?.number("Passing") ?? 1, Warning: weights?.number("Warning") ?? 1 },
    enableTagOverride: body.boolean("EnableTagOverride"),
    connectNative:
      body.child("Connect", { known: "Native", unsupported: "SidecarService" })?.boolean("Native") ?? false,
  };
}

function checkMeta(meta: Readonly<Record<string, string>>): void {
  const entries = Object.entries(meta);
  if (entries.length > 64) {
    throw new Refusal(400, "Invalid Service Meta: Node metadata cannot contain more than 64 key/value pairs");
  }
  for (const [key, value] of entries) {
    if (!/^[A-Za-z0-9_-]{1,128}$/.test(key)) {
      throw new Refusal(400, `Invalid Service Meta: Couldn't load metadata pair ('${key}', '${value}')`);
    }
    if (value.length > 512) {
      throw new Refusal(400, `Invalid Service Meta: the value of '${key}' is longer than 512 characters`);
    }
  }
}

function parseServiceCheck(body: Body, service: ServiceEntry, index: number, count: number): CheckEntry {
  const status = body.string("Status");
  const defaultId = count === 1 ? `service:${service.id}` : `service:${service.id}:${index + 1}`;
  return {
    id: body.string("CheckID") || body.string("ID") || defaultId,
    name: body.string("Name") || `Service '${service.name}' check`,
    notes: body.string("Notes"),
    serviceId: service.id,
    status: status === "" ? "critical" : parseStatus(status),
    output: "",
    definition: parseCheckDefinition(body),
  };
}

function known(state: AgentState, id: string): ServiceEntry {
  const service = state.service(id);
  if (service !== undefined) return service;
  throw new Refusal(
    404,
    `Unknown service ID "${id}". Ensure that the service ID is passed, not the service name.`,
  );
}

function maintain(state: AgentState, keeper: CheckKeeper, { param, query }: Request): Reply {
  const enable = query.get("enable") ?? "";
  if (enable === "") throw new Refusal(400, "Missing value for enable");
  if (enable !== "true" && enable !== "false")
    throw new Refusal(400, `Invalid value for enable: "${enable}"`);
  const service = known(state, param("id"));
  const id = `_service_maintenance:${service.id}`;
  if (enable === "false") {
    keeper.remove(id);
  } else if (state.check(id) === undefined) {
    keeper.add({
      id,
      name: "Service Maintenance Mode",
      notes:
        query.get("reason") || "Maintenance mode is enabled for this service, but no reason was provided.",
      serviceId: service.id,
      status: "critical",
      output: "",
      definition: { type: "maintenance", deregisterAfterMs: undefined },
    });
  }
  return {};
}

/** With `?hash`, waits until the service is another, or gone: 404 comes at once. */
async function show(state: AgentState, clock: IndexClock, { param, query, signal }: Request): Promise<Reply> {
  const id = param("id");
  const hash = query.get("hash") ?? "";
  const endsAt = performance.now() + (hash === "" ? 0 : parseWait(query));
  for (;;) {
    const service = state.service(id);
    if (service === undefined) throw new Refusal(404, `unknown service ID: ${id}`);
    const now = contentHash(service);
    const leftMs = endsAt - performance.now();
    if (now !== hash || leftMs <= 0 || signal.aborted) {
      return {
        body: { ...agentServiceShape(service), ContentHash: now },
        headers: { "X-Consul-Contenthash": now },
      };
    }
    await clock.next(leftMs, signal);
  }
}
