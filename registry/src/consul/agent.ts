// What an instance asks of its agent: register, deregister, heartbeat, maintenance.
import { notConsul, notThere } from "../errors.ts";
import type { ResolvedRegistration } from "../registration/resolve.ts";
import type { ConsulHttp } from "./http.ts";

export interface Agent {
  /** Puts the instance and its check into the registry, or in place of what stands there under its id. */
  register(registration: ResolvedRegistration): Promise<void>;
  /**
   * Takes an instance's check out, so that the next registration makes it anew, as passing: to a check that it knows
   * the agent gives its old status. Without one the instance counts as passing.
   */
  dropCheck(id: string): Promise<void>;
  /** Takes the instance out; one that is not there is no error. */
  deregister(id: string): Promise<void>;
  /** Says that a TTL check holds. */
  pass(checkId: string): Promise<void>;
  /** Begins maintenance, for a reason that people read, or ends it. */
  maintain(id: string, reason: string | undefined): Promise<void>;
}

export function createAgent(http: ConsulHttp, shownUrl: string): Agent {
  return {
    async register(registration) {
      const what = `register ${registration.id}`;
      const path = "/agent/service/register";
      const { status } = await http.send({ method: "PUT", what, path, body: bodyOf(registration) });
      if (status === 404) throw notConsul(shownUrl, what, "404 for a path that Consul has");
    },
    async dropCheck(id) {
      const path = `/agent/check/deregister/${encodeURIComponent(`service:${id}`)}`;
      await http.send({ method: "PUT", what: `renew the check of ${id}`, path });
    },
    async deregister(id) {
      const path = `/agent/service/deregister/${encodeURIComponent(id)}`;
      await http.send({ method: "PUT", what: `deregister ${id}`, path });
    },
    async pass(checkId) {
      const what = `pass check ${checkId}`;
      const path = `/agent/check/pass/${encodeURIComponent(checkId)}`;
      const { status } = await http.send({ method: "PUT", what, path });
      if (status === 404) throw notThere(shownUrl, what);
    },
    async maintain(id, reason) {
      const what = `${reason === undefined ? "end" : "begin"} maintenance of ${id}`;
      const path = `/agent/service/maintenance/${encodeURIComponent(id)}`;
      const query = reason === undefined ? { enable: "false" } : { enable: "true", reason };
      const { status } = await http.send({ method: "PUT", what, path, query });
      if (status === 404) throw notThere(shownUrl, what);
    },
  };
}

function bodyOf(registration: ResolvedRegistration): object {
  const { name, id, address, port, tags, meta, weights, check, connectNative } = registration;
  return {
    Name: name,
    ID: id,
    Address: address,
    Port: port,
    Tags: tags,
    Meta: meta,
    Weights: { Passing: weights.passing, Warning: weights.warning },
    ...(connectNative ? { Connect: { Native: true } } : {}),
    ...(check.type === "none" ? {} : { Check: checkOf(registration) }),
  };
}

/**
 * The check starts as passing, as whoever registers serves already. Its id is fixed (R2), so registering again
 * replaces it, which the agent would not do with a check of another id.
 */
function checkOf(registration: ResolvedRegistration): object {
  const { id, address, port, healthPort, check, deregisterCriticalAfterMs: forgetMs } = registration;
  const common = {
    CheckID: `service:${id}`,
    Name: `Service '${id}'`,
    Status: "passing",
    ...(forgetMs === "never" ? {} : { DeregisterCriticalServiceAfter: `${forgetMs}ms` }),
  };
  if (check.type === "ttl" || check.type === "none") {
    return { ...common, TTL: `${check.type === "ttl" ? check.ttlMs : 0}ms` };
  }
  const target = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const times = { Interval: `${check.intervalMs}ms`, Timeout: `${check.timeoutMs}ms` };
  switch (check.type) {
    case "http":
      return { ...common, HTTP: check.url, ...times };
    case "tcp":
      return { ...common, TCP: target, ...times };
    case "grpc":
      return { ...common, GRPC: healthPort === undefined ? target : `127.0.0.1:${healthPort}`, ...times };
  }
}
