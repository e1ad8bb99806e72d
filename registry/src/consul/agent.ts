// What an instance asks of its agent, by the `consul` package: register, deregister, heartbeat.
import Consul from "consul";
import { refused, unreachable, type RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { ResolvedRegistration } from "../registration/resolve.ts";
import { asNumber, asRecord } from "./json.ts";

export interface Agent {
  /** Puts the instance and its check into the registry, or in place of what stands there under its id. */
  register(registration: ResolvedRegistration): Promise<void>;
  /** Takes the instance out; one that is not there is no error. */
  deregister(id: string): Promise<void>;
  /** Says that a TTL check holds. */
  pass(checkId: string): Promise<void>;
  close(): void;
}

export function createAgent(options: ResolvedRegistryOptions): Agent {
  // `baseUrl` and `timeout` are the package's, but not in its types.
  const settings = {
    baseUrl: `${options.url}/v1`,
    timeout: options.requestTimeoutMs,
    defaults: options.token === undefined ? {} : { token: options.token },
  };
  const consul = new Consul(settings);
  const fail = (what: string, error: unknown): RegistryError => {
    const { statusCode, body } = asRecord(asRecord(error)["response"]);
    return statusCode === undefined
      ? unreachable(options.shownUrl, what, error)
      : refused(options.shownUrl, what, asNumber(statusCode), typeof body === "string" ? body : "");
  };
  return {
    async register(registration) {
      try {
        await consul.agent.service.register({
          name: registration.name,
          id: registration.id,
          address: registration.address,
          port: registration.port,
          tags: [...registration.tags],
          meta: { ...registration.meta },
          ...(registration.check.type === "none" ? {} : { check: checkOptions(registration) }),
        });
      } catch (error) {
        throw fail(`register ${registration.id}`, error);
      }
    },
    async deregister(id) {
      try {
        await consul.agent.service.deregister(id);
      } catch (error) {
        if (asRecord(asRecord(error)["response"])["statusCode"] === 404) return;
        throw fail(`deregister ${id}`, error);
      }
    },
    async pass(checkId) {
      try {
        await consul.agent.check.pass(checkId);
      } catch (error) {
        throw fail(`pass check ${checkId}`, error);
      }
    },
    close: () => consul.destroy(),
  };
}

/**
 * The check starts as passing, as whoever registers serves already. Its id is fixed (R2), so registering again
 * replaces it, which the agent would not do with a check of another id.
 */
function checkOptions({
  id,
  address,
  port,
  check,
  deregisterCriticalAfterMs: forgetMs,
}: ResolvedRegistration) {
  const common = {
    checkid: `service:${id}`,
    name: `Service '${id}'`,
    status: "passing",
    ...(forgetMs === "never" ? {} : { deregistercriticalserviceafter: `${forgetMs}ms` }),
  };
  if (check.type === "ttl" || check.type === "none") {
    return { ...common, ttl: `${check.type === "ttl" ? check.ttlMs : 0}ms`, timeout: "" };
  }
  const hostPort = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const times = { interval: `${check.intervalMs}ms`, timeout: `${check.timeoutMs}ms` };
  if (check.type === "http") return { ...common, http: check.url, ...times };
  return { ...common, [check.type]: hostPort, ...times };
}
