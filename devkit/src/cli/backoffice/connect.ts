// The connection of a command to the backoffice of one service.
import { hostname, userInfo } from "node:os";
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { findInstance } from "./find-instance.ts";
import type { ServiceOptions } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

export type BackofficeClient = Client<typeof BackofficeService>;

const timeoutMs = 30_000;

/** Connects to the service that the command line names. */
export async function connectBackoffice(options: ServiceOptions): Promise<BackofficeClient> {
  return createClient(
    BackofficeService,
    createGrpcTransport({
      baseUrl: await urlOf(options),
      defaultTimeoutMs: timeoutMs,
      interceptors: [signed],
    }),
  );
}

async function urlOf({ url, service, registry }: ServiceOptions): Promise<string> {
  if (url !== undefined) {
    if (URL.canParse(url) && url.startsWith("http")) return url;
    throw new UsageError(`--url must be like http://127.0.0.1:26071: current value is "${url}"`);
  }
  if (service === undefined) throw new UsageError("Which service? Give --service <name>, or --url <url>");
  return findInstance({ url: registry, token: process.env["CONSUL_HTTP_TOKEN"] || undefined }, service);
}

/** Who asks, for the service's log. It is a courtesy and no proof. */
const signed: Interceptor = (next) => (request) => {
  request.header.set("samspel-operator", encodeURIComponent(`${userName()}@${hostname()}`));
  return next(request);
};

/** Containers run under numbers that have no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
