// The HTTP side of the embedded registry: bytes to a request, a reply to bytes, in Consul's manner.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Refusal } from "./refusal.ts";
import type { Reply, Router } from "./router.ts";

/** A body above this is not read on: the largest value of a key is 512 KiB. */
const maxBodyBytes = 1024 * 1024;

export function createHttpServer(router: Router): Server {
  return createServer((incoming, outgoing) => void answer(router, incoming, outgoing));
}

async function answer(router: Router, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    const [path = "/", search = ""] = (incoming.url ?? "/").split("?", 2);
    const reply = await router({
      method: incoming.method ?? "GET",
      path,
      query: new URLSearchParams(search),
      headers: incoming.headers,
      body: await readBody(incoming),
      signal: gone.signal,
    });
    send(outgoing, reply);
  } catch (error) {
    if (gone.signal.aborted) return;
    const refusal = error instanceof Refusal ? error : new Refusal(500, String(error));
    outgoing.writeHead(refusal.status, { "Content-Type": "text/plain; charset=utf-8" });
    outgoing.end(refusal.message);
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    const buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += buffer.length;
    if (bytes > maxBodyBytes)
      throw new Refusal(413, `Request body too large, max size: ${maxBodyBytes} bytes.`);
    chunks.push(buffer);
  }
  return Buffer.concat(chunks);
}

function send(outgoing: ServerResponse, { status = 200, body, contentType, index, headers }: Reply): void {
  for (const [name, value] of Object.entries(headers ?? {})) outgoing.setHeader(name, value);
  if (index !== undefined) {
    outgoing.setHeader("X-Consul-Index", String(index));
    outgoing.setHeader("X-Consul-Knownleader", "true");
    outgoing.setHeader("X-Consul-Lastcontact", "0");
  }
  if (body === undefined) {
    outgoing.writeHead(status).end();
  } else if (Buffer.isBuffer(body)) {
    outgoing.writeHead(status, { "Content-Type": contentType ?? "text/plain" }).end(body);
  } else {
    outgoing.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  }
}
