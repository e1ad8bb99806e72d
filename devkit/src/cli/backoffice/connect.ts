// The connection of a command to the backoffice of one service.
import { createClient, type Client, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { clientTls, createRegistry, openIdentity, type ClientTls } from "@samspel/registry";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { operator, operatorHeader } from "../../operator/index.ts";
import { findSystem } from "../system/find-system.ts";
import { findInstance } from "./find-instance.ts";
import type { ServiceOptions } from "./service-options.ts";
import { UsageError } from "./usage-error.ts";

export type BackofficeClient = Client<typeof BackofficeService>;

const timeoutMs = 30_000;

/** As whom commands call services with an identity: intentions say whether they may. */
const ownName = "samspel";

interface Place {
  readonly baseUrl: string;
  readonly tls?: ClientTls;
}

/** Connects to the service that the command line names. */
export async function connectBackoffice(options: ServiceOptions): Promise<BackofficeClient> {
  const { baseUrl, tls } = await placeOf(options);
  return createClient(
    BackofficeService,
    createGrpcTransport({
      baseUrl,
      defaultTimeoutMs: timeoutMs,
      interceptors: [signed],
      ...(tls === undefined ? {} : { nodeOptions: tls }),
    }),
  );
}

async function placeOf({ url, service, registry }: ServiceOptions): Promise<Place> {
  if (url !== undefined) {
    if (URL.canParse(url) && url.startsWith("http")) return { baseUrl: url };
    throw new UsageError(`--url must be like http://127.0.0.1:26071: current value is "${url}"`);
  }
  if (service === undefined) throw new UsageError("Which service? Give --service <name>, or --url <url>");
  const token = process.env["CONSUL_HTTP_TOKEN"] || undefined;
  const { registryUrl } = await findSystem({ registry });
  const found = await findInstance({ url: registryUrl, token }, service);
  return found.isSecure
    ? { baseUrl: found.url, tls: await tlsTo(service, registryUrl) }
    : { baseUrl: found.url };
}

/** For as long as a command runs, the certificate of its beginning is enough. */
async function tlsTo(service: string, registryUrl: string): Promise<ClientTls> {
  await using registry = createRegistry({ url: registryUrl });
  using identity = await openIdentity({ registry, service: ownName });
  return clientTls(identity, service);
}

const signed: Interceptor = (next) => (request) => {
  request.header.set(operatorHeader, operator());
  return next(request);
};
