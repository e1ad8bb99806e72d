// Handlers of Connect and gRPC-Web calls, by path.
import type { IncomingMessage, ServerResponse } from "node:http";
import { createConnectRouter, type ConnectRouter, type ContextValues } from "@connectrpc/connect";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";

/** The browser and we are on one machine: only what is large is worth it. */
const compressFromBytes = 256 * 1024;
const maxReceiveBytes = 16 * 1024 * 1024;

/** Answers a call of a path, such as `/samspel.dev.v1.DashboardService/Call`; false where there is no such method. */
export type Rpc = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  values?: ContextValues,
) => boolean;

export function createRpc(routes: (router: ConnectRouter) => void, shutdown: AbortSignal): Rpc {
  const router = createConnectRouter({
    // Browsers cannot speak gRPC itself.
    grpc: false,
    acceptCompression: [compressionGzip],
    compressMinBytes: compressFromBytes,
    readMaxBytes: maxReceiveBytes,
    shutdownSignal: shutdown,
  });
  routes(router);
  const handlers = new Map<string, UniversalHandler>(
    router.handlers.map((handler) => [handler.requestPath, handler]),
  );
  return (request, response, path, values) => {
    const handler = handlers.get(path);
    if (handler === undefined) return false;
    handler(universalRequestFromNodeRequest(request, response, undefined, values))
      .then((answer) => universalResponseToNodeResponse(answer, response))
      // The browser went away; the handler knows by its signal.
      .catch(() => response.destroy());
    return true;
  };
}
