// One look at whether an instance lives: a gRPC health call, an HTTP request, a TCP connect.
import { Client, credentials, status as grpcStatus, type ServiceError } from "@grpc/grpc-js";
import { connect } from "node:net";
import type { CheckStatus } from "./agent-state.ts";
import type { ProbeDefinition } from "./check-definition.ts";

interface Outcome {
  readonly status: CheckStatus;
  readonly output: string;
}

export interface Probe {
  /** Never rejects: what goes wrong is an outcome. */
  run(): Promise<Outcome>;
  close(): void;
}

export function createProbe(definition: ProbeDefinition): Probe {
  switch (definition.type) {
    case "grpc":
      return grpcProbe(definition);
    case "http":
      return { run: () => probeHttp(definition), close: () => {} };
    default:
      return { run: () => probeTcp(definition), close: () => {} };
  }
}

const critical = (output: string): Outcome => ({ status: "critical", output });

/** Calls `grpc.health.v1.Health/Check` over one kept channel that reconnects quickly. */
function grpcProbe({ target, service, timeoutMs }: ProbeDefinition & { type: "grpc" }): Probe {
  const client = new Client(target, credentials.createInsecure(), {
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.enable_http_proxy": 0,
    // Channels of two checks share no connection: one must not see the other's.
    "grpc.use_local_subchannel_pool": 1,
  });
  const run = (): Promise<Outcome> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(
        "/grpc.health.v1.Health/Check",
        encodeHealthRequest,
        decodeHealthStatus,
        service,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, serving?: number) => {
          if (error !== null) resolve(critical(`gRPC check ${target}: ${describe(error)}`));
          else if (serving === 1) resolve({ status: "passing", output: `gRPC check ${target}: success` });
          else resolve(critical(`gRPC check ${target}: gRPC ${service || "server"} is not SERVING`));
        },
      );
    });
  return { run, close: () => client.close() };
}

const describe = (error: ServiceError): string =>
  `${grpcStatus[error.code] ?? error.code}: ${error.details || error.message}`;

/** `HealthCheckRequest`: one string, field 1. A name longer than 127 bytes takes a second length byte. */
function encodeHealthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  if (name.length === 0) return Buffer.alloc(0);
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7];
  return Buffer.concat([Buffer.from([0x0a, ...length]), name]);
}

/** `HealthCheckResponse`: one enum, field 1; 1 is SERVING. */
function decodeHealthStatus(bytes: Buffer): number {
  return bytes[0] === 0x08 ? (bytes[1] ?? 0) : 0;
}

async function probeHttp(definition: ProbeDefinition & { type: "http" }): Promise<Outcome> {
  const { url, method, headers, body, timeoutMs } = definition;
  const sent = new Headers({ "user-agent": "Consul Health Check", accept: "text/plain, text/*, */*" });
  for (const [name, values] of Object.entries(headers)) {
    sent.delete(name);
    for (const value of values) sent.append(name, value);
  }
  try {
    const response = await fetch(url, {
      method,
      headers: sent,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === "" ? {} : { body }),
    });
    const text = (await response.text()).slice(0, 4_096);
    const output = `HTTP ${method} ${url}: ${response.status} ${response.statusText} Output: ${text}`;
    // As in Consul: 2xx passes, 429 warns, anything else is critical.
    return { status: response.ok ? "passing" : response.status === 429 ? "warning" : "critical", output };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return critical(`HTTP ${method} ${url}: ${String(cause)}`);
  }
}

async function probeTcp({ host, port, timeoutMs }: ProbeDefinition & { type: "tcp" }): Promise<Outcome> {
  const socket = connect({ host, port, timeout: timeoutMs });
  const output = await new Promise<string | undefined>((resolve) => {
    socket.once("connect", () => resolve(undefined));
    socket.once("timeout", () => resolve("i/o timeout"));
    socket.once("error", (error) => resolve(error.message));
  });
  socket.destroy();
  const name = `TCP connect ${host}:${port}`;
  return output === undefined
    ? { status: "passing", output: `${name}: Success` }
    : critical(`${name}: ${output}`);
}
