// The one port of the dashboard: its pages, its API, and what it passes on.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { cookieValue, isApi, type Access } from "./access.ts";
import { sendText, type Assets } from "./assets.ts";
import { securityHeaders } from "./headers.ts";

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  readonly access: Access;
  readonly cookie: string;
  readonly token: string | undefined;
  readonly assets: Assets;
  /** Answers the paths of methods; false for those it does not know. */
  readonly api: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** @throws the system's error where the port is taken. */
export async function listen(options: HttpServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    // The socket is gone: there is nobody to tell.
    response.on("error", () => {});
    try {
      answer(request, response, options);
    } catch (error) {
      // A request that cannot be read must not end the process.
      if (!response.headersSent)
        sendText(response, 400, error instanceof Error ? error.message : String(error));
      else response.destroy();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return server;
}

export function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function answer(request: IncomingMessage, response: ServerResponse, options: HttpServerOptions): void {
  for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
  const verdict = options.access(request);
  if (verdict.type === "refused") {
    sendText(response, verdict.status, verdict.reason);
    return;
  }
  if (verdict.type === "log-in") {
    const attributes = "HttpOnly; SameSite=Lax; Path=/";
    response.setHeader("set-cookie", `${options.cookie}=${cookieValue(options.token ?? "")}; ${attributes}`);
    response.writeHead(303, { location: verdict.location, "cache-control": "no-store" }).end();
    return;
  }
  if (!isApi(request.url ?? "")) options.assets(request, response);
  else if (!options.api(request, response)) sendText(response, 404, `No such method: ${request.url ?? ""}`);
}
