// What is for operators alone: health, readiness and metrics, on a port that the outside does not reach.
import { createServer } from "node:http";
import { once } from "node:events";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayMetrics } from "./observe/index.ts";

export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminServerOptions {
  readonly host: string;
  readonly port: number;
  readonly metrics: GatewayMetrics;
  readonly isReady: () => boolean;
}

/** @throws GatewayError when the port cannot be had. */
export async function startAdminServer({
  host,
  port,
  metrics,
  isReady,
}: AdminServerOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405).end();
    switch (request.url) {
      case "/healthz":
        return void response.writeHead(200, { "content-type": "text/plain" }).end("ok\n");
      case "/readyz":
        return void response
          .writeHead(isReady() ? 200 : 503, { "content-type": "text/plain" })
          .end(isReady() ? "ready\n" : "not ready\n");
      case "/metrics":
        return void response
          .writeHead(200, { "content-type": "text/plain; version=0.0.4" })
          .end(metrics.text());
      default:
        response.writeHead(404).end();
    }
  });
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new GatewayError(
      `Cannot listen on ${host}:${port} for the admin port: ${String(error)}. Give another adminPort`,
      {
        cause: error,
      },
    );
  }
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
