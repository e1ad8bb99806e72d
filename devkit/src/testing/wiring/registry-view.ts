// The registry as one member sees it: all of it, but that the instances of others stand where this member's edges to them
// begin. So faults reach the calls of any language, as each finds instances by the registry.
import { once } from "node:events";
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const loopback = "127.0.0.1";

/** An instance as the registry has it. */
interface SeenInstance {
  readonly service: string;
  readonly host: string;
  readonly port: number;
}

export interface RegistryView {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

export interface RegistryViewOptions {
  readonly registryUrl: string;
  /** Where this member reaches an instance. */
  readonly place: (
    instance: SeenInstance,
  ) => Promise<{ readonly host: string; readonly port: number } | undefined>;
}

/** Starts a view of the registry, on a port of the system's choice. */
export async function openRegistryView({ registryUrl, place }: RegistryViewOptions): Promise<RegistryView> {
  const registry = new URL(registryUrl);
  const server = createServer((request, response) => {
    const { "accept-encoding": _, ...headers } = request.headers;
    const forwarded = send({
      host: registry.hostname,
      port: registry.port,
      method: request.method,
      path: request.url,
      headers,
      agent: false,
    });
    forwarded.on("error", () => response.destroy());
    forwarded.on("response", (answer) => void passOn(answer, response, shapeOf(request.url ?? "")));
    // A long poll whose client is gone ends at the registry, too.
    response.on("close", () => forwarded.destroy());
    request.pipe(forwarded);
  });

  const passOn = async (
    answer: IncomingMessage,
    response: ServerResponse,
    shape: Shape | undefined,
  ): Promise<void> => {
    try {
      const status = answer.statusCode ?? 502;
      if (shape === undefined || status !== 200) {
        answer.on("error", () => response.destroy());
        response.writeHead(status, answer.headers);
        answer.pipe(response);
        return;
      }
      const { "content-length": _, "transfer-encoding": __, ...headers } = answer.headers;
      const entries: unknown = JSON.parse(await textOf(answer));
      if (Array.isArray(entries)) await Promise.all(entries.map((entry) => move(entry, shape, place)));
      response.writeHead(status, headers);
      response.end(JSON.stringify(entries));
    } catch {
      response.destroy();
    }
  };

  // Long polls of 25 s and more are no idle connections.
  server.requestTimeout = 0;
  await once(server.listen(0, loopback), "listening");
  return {
    host: loopback,
    // A server on a TCP port has an address of this kind.
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Where an answer has its instances: nested in its entries, or flat. */
type Shape = "nested" | "flat";

function shapeOf(url: string): Shape | undefined {
  if (/^\/v1\/health\/(service|connect)\/[^/?]+/.test(url)) return "nested";
  if (/^\/v1\/catalog\/(service|connect)\/[^/?]+/.test(url)) return "flat";
  return undefined;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

async function move(entry: unknown, shape: Shape, place: RegistryViewOptions["place"]): Promise<void> {
  const [holder, node] =
    shape === "nested"
      ? [recordOf(entry)["Service"], recordOf(recordOf(entry)["Node"])]
      : [entry, recordOf(entry)];
  const service = recordOf(holder);
  const [name, address, port] =
    shape === "nested"
      ? ([service["Service"], "Address", "Port"] as const)
      : ([service["ServiceName"], "ServiceAddress", "ServicePort"] as const);
  const host = service[address] === "" ? node["Address"] : service[address];
  const at = service[port];
  if (typeof name !== "string" || typeof host !== "string" || typeof at !== "number") return;
  const moved = await place({ service: name, host, port: at });
  if (moved !== undefined) Object.assign(service, { [address]: moved.host, [port]: moved.port });
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
