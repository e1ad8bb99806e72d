// What an instance asks of its agent, by the `consul` package: deregister, heartbeat, maintenance. It knows no weights,
// so that a registration is sent by our own client.
import Consul from "consul";
import { notConsul, notThere, refused, unreachable, type RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { ResolvedRegistration } from "../registration/resolve.ts";
import type { ConsulConnection } from "./http.ts";
import { asNumber, asRecord, asString } from "./json.ts";
import { isClosed } from "./transport.ts";

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

export function createAgent(http: ConsulConnection, options: ResolvedRegistryOptions): Agent {
  const { shownUrl } = options;
  // `baseUrl` and `timeout` are the package's, but not in its types.
  const settings = { baseUrl: `${options.url}/v1`, timeout: options.requestTimeoutMs, agent: http.sockets };
  const consul = new Consul(settings);

  /** Says whether what it is about is there. @throws RegistryError for all but that. */
  const ask = async (
    what: string,
    call: (common: { token?: string }) => Promise<unknown>,
  ): Promise<boolean> => {
    const token = await http.token();
    const attempt = (): Promise<unknown> => call(token === undefined ? {} : { token });
    try {
      // A socket that was kept alive and is closed just then is no answer (H3).
      await attempt().catch((error: unknown) => (isClosed(error) ? attempt() : Promise.reject(error)));
      return true;
    } catch (error) {
      const { statusCode, body } = asRecord(asRecord(error)["response"]);
      if (statusCode === 404) return false;
      throw failure(shownUrl, what, { error, statusCode, body });
    }
  };

  return {
    async register(registration) {
      const what = `register ${registration.id}`;
      const path = "/agent/service/register";
      const { status } = await http.send({ method: "PUT", what, path, body: bodyOf(registration) });
      if (status === 404) throw notConsul(shownUrl, what, "404 for a path that Consul has");
    },
    async dropCheck(id) {
      const check = `service:${id}`;
      await ask(`renew the check of ${id}`, (common) =>
        consul.agent.check.deregister({ id: check, ...common }),
      );
    },
    async deregister(id) {
      await ask(`deregister ${id}`, (common) => consul.agent.service.deregister({ id, ...common }));
    },
    async pass(checkId) {
      const what = `pass check ${checkId}`;
      const found = await ask(what, (common) => consul.agent.check.pass({ id: checkId, ...common }));
      if (!found) throw notThere(shownUrl, what);
    },
    async maintain(id, reason) {
      const what = `${reason === undefined ? "end" : "begin"} maintenance of ${id}`;
      const change = reason === undefined ? { enable: false } : { enable: true, reason };
      const found = await ask(what, (common) =>
        consul.agent.service.maintenance({ id, ...change, ...common }),
      );
      if (!found) throw notThere(shownUrl, what);
    },
  };
}

interface Failed {
  readonly error: unknown;
  readonly statusCode: unknown;
  readonly body: unknown;
}

function failure(shownUrl: string, what: string, { error, statusCode, body }: Failed): RegistryError {
  return statusCode === undefined
    ? unreachable(shownUrl, what, error)
    : refused(shownUrl, what, asNumber(statusCode), asString(body));
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
