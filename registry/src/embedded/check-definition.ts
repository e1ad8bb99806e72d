// What a check does, read from a request.
import type { CheckStatus } from "./agent-state.ts";
import type { Body, Fields } from "./body.ts";
import { Refusal } from "./refusal.ts";

interface Periodic {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

export type CheckDefinition =
  | { readonly type: "ttl"; readonly ttlMs: number; readonly deregisterAfterMs: number | undefined }
  | (Periodic & {
      readonly type: "grpc";
      /** `host:port`. */
      readonly target: string;
      /** The proto service to ask about; empty for the server as a whole. */
      readonly service: string;
      readonly deregisterAfterMs: number | undefined;
    })
  | (Periodic & {
      readonly type: "http";
      readonly url: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: string;
      readonly deregisterAfterMs: number | undefined;
    })
  | (Periodic & {
      readonly type: "tcp";
      readonly host: string;
      readonly port: number;
      readonly deregisterAfterMs: number | undefined;
    })
  | { readonly type: "maintenance"; readonly deregisterAfterMs: undefined };

/** The definitions that are run, again and again. */
export type ProbeDefinition = Extract<CheckDefinition, Periodic>;

export const checkFields: Fields = {
  // Token and OutputMaxSize are without effect: there are no ACLs, and outputs are short.
  known:
    "ID CheckID Name Notes Status ServiceID TTL GRPC HTTP TCP Interval Timeout Method Header Body " +
    "DeregisterCriticalServiceAfter Token OutputMaxSize",
  unsupported:
    "GRPCUseTLS TLSServerName TLSSkipVerify TCPUseTLS DisableRedirects UDP OSService H2PING H2PingUseTLS Script " +
    "ScriptArgs Args Shell DockerContainerID AliasNode AliasService SuccessBeforePassing FailuresBeforeWarning " +
    "FailuresBeforeCritical ProxyHTTP ProxyGRPC Namespace Partition",
};

const minDeregisterAfterMs = 60_000;
const defaultTimeoutMs = 10_000;

/** @throws Refusal 400 for what is no check, or more than one. */
export function parseCheckDefinition(body: Body): CheckDefinition {
  const kinds = ["TTL", "GRPC", "HTTP", "TCP"].filter((name) => body.string(name) !== "");
  if (kinds.length !== 1) {
    throw new Refusal(400, "Invalid check: exactly one of TTL, GRPC, HTTP and TCP must be given");
  }
  const after = body.durationMs("DeregisterCriticalServiceAfter");
  const deregisterAfterMs = after === undefined ? undefined : Math.max(after, minDeregisterAfterMs);
  if (kinds[0] === "TTL") {
    const ttlMs = body.durationMs("TTL") ?? 0;
    if (ttlMs <= 0) throw new Refusal(400, "Invalid check: TTL must be > 0");
    return { type: "ttl", ttlMs, deregisterAfterMs };
  }
  const intervalMs = body.durationMs("Interval") ?? 0;
  if (intervalMs <= 0) throw new Refusal(400, "Invalid check: Interval must be > 0");
  const timeoutMs = body.durationMs("Timeout") || defaultTimeoutMs;
  // Consul never checks more often than every second.
  const common = { intervalMs: Math.max(intervalMs, 1_000), timeoutMs, deregisterAfterMs };
  switch (kinds[0]) {
    case "GRPC": {
      const [target = "", service = ""] = body.string("GRPC").split("/", 2);
      parseHostPort(target);
      return { ...common, type: "grpc", target, service };
    }
    case "HTTP": {
      const url = body.string("HTTP");
      if (!URL.canParse(url)) throw new Refusal(400, `Invalid check: HTTP must be a URL: ${url}`);
      return {
        ...common,
        type: "http",
        url,
        method: body.string("Method") || "GET",
        headers: parseHeaders(body.raw("Header")),
        body: body.string("Body"),
      };
    }
    default:
      return { ...common, type: "tcp", ...parseHostPort(body.string("TCP")) };
  }
}

/** @throws Refusal 400 if the text is no status of a check. */
export function parseStatus(text: string): CheckStatus {
  if (text === "passing" || text === "warning" || text === "critical") return text;
  throw new Refusal(400, `Invalid check status: '${text}'`);
}

function parseHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d+)$/.exec(text);
  const port = Number(match?.groups?.["port"]);
  if (match === null || port > 65_535) {
    throw new Refusal(400, `Invalid check: the address must be host:port: ${text}`);
  }
  return { host: match.groups?.["v6"] ?? match.groups?.["host"] ?? "", port };
}

function parseHeaders(value: unknown): Readonly<Record<string, readonly string[]>> {
  if (value === undefined) return {};
  if (isHeaders(value)) return value;
  throw new Refusal(400, 'Request decode failed: "Header" must be a map of lists of strings');
}

const isHeaders = (item: unknown): item is Record<string, string[]> =>
  typeof item === "object" && item !== null && Object.values(item).every((values) => Array.isArray(values));
