// HTTP with sockets that are kept alive, by a server that breaks them.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { createTransport } from "./transport.ts";

async function serve(t: Test, listener: RequestListener): Promise<URL> {
  const server = createServer(listener);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  return new URL(`http://127.0.0.1:${port}/`);
}

function open(t: Test) {
  const transport = createTransport({ tls: undefined });
  t.teardown(() => transport.close());
  return (url: URL, more: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
    transport.send({
      method: "GET",
      url,
      headers: {},
      body: undefined,
      blocking: false,
      timeoutMs: 5_000,
      signal: undefined,
      ...more,
    });
}

t.test("send() tries again on a new socket when a kept one was closed (H3)", async (t) => {
  let requests = 0;
  const url = await serve(t, (request, response) => {
    requests += 1;
    if (requests === 2) request.socket.resetAndDestroy();
    else response.end(`answer ${requests}`);
  });
  const send = open(t);
  t.equal((await send(url)).text, "answer 1");
  t.equal((await send(url)).text, "answer 3");
});

t.test("send() does not try again for a new socket that was closed: nobody listens", async (t) => {
  let requests = 0;
  const url = await serve(t, (request) => {
    requests += 1;
    request.socket.resetAndDestroy();
  });
  await t.rejects(open(t)(url), { code: "ECONNRESET" });
  t.equal(requests, 1);
});

t.test("send() is over when its time is, however an answer drips (H2)", async (t) => {
  const url = await serve(t, (_request, response) => {
    const drip = setInterval(() => response.write("."), 5);
    response.once("close", () => clearInterval(drip));
  });
  await t.rejects(open(t)(url, { timeoutMs: 100 }), { message: "no whole answer within 100 ms" });
});
