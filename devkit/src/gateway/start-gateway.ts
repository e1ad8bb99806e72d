// Starts a gateway: one public port before all services of a registry.
import type http from "node:http";
import { createLogger, startListener, type NodeResponse } from "@samspel/runtime/proxy";
import { resolveGatewayOptions, type GatewayOptions } from "./options.ts";

/** A gateway that runs. */
export interface Gateway extends AsyncDisposable {
  /** Where it is called: `http://127.0.0.1:4000`. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Stops accepting, lets calls end for `drainMs`, closes. Safe to call again. */
  close(): Promise<void>;
}

/**
 * Starts a gateway. Resolves when it listens; it opens what the registry has as it hears of it.
 * @throws GatewayError when an option cannot be used.
 */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const resolved = resolveGatewayOptions(options);
  const { host, name } = resolved;
  const logger = options.logger ?? createLogger({ service: name });
  const listener = await startListener({
    host,
    port: resolved.port,
    maxHeaderBytes: 64 * 1024,
    logger,
    handler: (_request, response) => notFound(response),
  });
  const close = (): Promise<void> => listener.cut();
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${listener.port}`,
    host,
    port: listener.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function notFound(response: NodeResponse): void {
  const plain = response as http.ServerResponse;
  plain.writeHead(404);
  plain.end();
}
