// What answers at the registry's address is broken, lies, or is no Consul at all: a watch keeps what it knew, says
// once what is wrong, and goes on when it is over.
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import assert from "node:assert/strict";
import { createRegistry, type RegistryEvent } from "@samspel/registry";
import t, { type Test } from "tap";
import { eventually } from "../../support/eventually.ts";

const protoService = "orders.v1.OrderService";

const entry = (id: string, service: object = {}): object => ({
  Node: { Node: "n", Address: "10.0.0.1", Datacenter: "dc1" },
  Service: {
    ID: id,
    Service: "orders",
    Address: "127.0.0.1",
    Port: Number(id),
    Tags: ["grpc", protoService],
    Meta: { version: "1" },
    Weights: { Passing: 1, Warning: 1 },
    ...service,
  },
  Checks: [{ CheckID: "serfHealth", Status: "passing" }],
});

type Answer = (response: ServerResponse) => void;

const json =
  (body: unknown): Answer =>
  (response) =>
    void response
      .writeHead(200, { "content-type": "application/json", "x-consul-index": "7" })
      .end(JSON.stringify(body));
const status =
  (code: number, text: string): Answer =>
  (response) =>
    void response.writeHead(code, { "content-type": "text/html" }).end(text);

/** A catalog with one service, whose instances are what the test says. */
async function startLiar(t: Test) {
  let answer = json([entry("1"), entry("2")]);
  let asked = 0;
  const server = createServer((request, response) => {
    if (request.url?.startsWith("/v1/catalog/services") === true)
      return json({ orders: [protoService] })(response);
    asked += 1;
    answer(response);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  // A server on a TCP port has an address of this kind.
  const { port } = server.address() as AddressInfo;
  const events: RegistryEvent[] = [];
  const registry = createRegistry({
    url: `http://127.0.0.1:${port}`,
    waitMs: 100,
    requestTimeoutMs: 500,
    onEvent: (event) => events.push(event),
  });
  t.teardown(() => registry.close());
  const watch = registry.watch(protoService);
  const say = (next: Answer): void => {
    answer = next;
  };
  await eventually("both are seen", () => assert.equal(watch.current.length, 2));
  return { watch, events, say, asked: () => asked };
}

const odd: Readonly<Record<string, { readonly answer: Answer; readonly error: RegExp }>> = {
  "a page of a proxy": {
    answer: status(200, "<html>Welcome to nginx!</html>"),
    error: /gave an answer that is not JSON, as Consul would not\. Set CONSUL_HTTP_ADDR/,
  },
  "an error page": { answer: status(502, "<html>Bad Gateway</html>"), error: /answered 502/ },
  "servers without a leader": {
    answer: status(500, "No cluster leader"),
    error: /answered 500: No cluster leader/,
  },
  "too many connections": {
    answer: status(429, "Your IP is issuing too many concurrent connections"),
    error: /answered 429.*http_max_conns_per_client/,
  },
  "an expired token": { answer: status(403, "ACL not found"), error: /answered 403.*CONSUL_HTTP_TOKEN/ },
  "a map where a list belongs": { answer: json({ orders: [] }), error: /gave something else than a list/ },
  "a null": { answer: json(null), error: /gave something else than a list/ },
  "half an answer": {
    answer(response) {
      response.writeHead(200, { "content-length": "1000" });
      response.write("[{", () => response.destroy());
    },
    error: /gives no answer/,
  },
  "an answer that drips": {
    answer(response) {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 20);
      response.once("close", () => clearInterval(drip));
    },
    error: /no whole answer within \d+ ms/,
  },
  "an answer without end": {
    answer(response) {
      const chunk = Buffer.alloc(1024 * 1024, " ");
      const pour = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.writeHead(200).on("drain", pour);
      pour();
    },
    error: /an answer of more than \d+ bytes|no whole answer within/,
  },
};

for (const [what, { answer, error }] of Object.entries(odd)) {
  t.test(`watch() keeps what it knew when it gets ${what}`, async (t) => {
    const { watch, events, say, asked } = await startLiar(t);
    say(answer);
    await eventually("it is told", () => assert.equal(watch.status.type, "unreachable"));
    t.match(String(Object(watch.status).error), error);
    t.equal(watch.current.length, 2);
    const before = asked();
    await eventually("it is asked again", () => assert.ok(asked() > before + 1));
    t.equal(events.filter(({ type }) => type === "unreachable").length, 1, "told once");
    say(json([entry("3")]));
    await eventually("the truth is believed", () => {
      assert.deepEqual(
        watch.current.map(({ id }) => id),
        ["3"],
      );
      assert.equal(watch.status.type, "live");
    });
    t.equal(events.filter(({ type }) => type === "recovered").length, 1);
  });
}

t.test("watch() leaves out entries that nobody could call, and says so once", async (t) => {
  const { watch, events, say } = await startLiar(t);
  const wrong = [
    entry("70000"),
    entry("4", { Port: -1 }),
    entry("5", { Port: "80" }),
    entry("6", { Address: "evil@10.0.0.1/path?x=" }),
    entry("7", { ID: "" }),
    entry("8", { Tags: "grpc" }),
    "text",
    null,
    7,
  ];
  say(json([...wrong, entry("9"), entry("9"), entry("10", { Port: 9 })]));
  await eventually("the good one is there", () => {
    assert.deepEqual(
      watch.current.map(({ port }) => port),
      [9],
      "and once, however often it is registered",
    );
  });
  t.match(
    events.filter(({ type }) => type === "discarded"),
    [{ what: "watch orders", entries: 8, reason: "70000 has the port 70000" }],
  );
  t.equal(watch.status.type, "live");
});

t.test("watch() takes an instance that two nodes know for the better of the two", async (t) => {
  const { watch, say } = await startLiar(t);
  const failing = { ...entry("9"), Checks: [{ CheckID: "serfHealth", Status: "critical" }] };
  say(json([failing, entry("9")]));
  await eventually("it is there", () =>
    assert.deepEqual(
      watch.current.map(({ port }) => port),
      [9],
    ),
  );
});

t.test("watch() reads 5,000 instances of 10 MB", async (t) => {
  const { watch, say } = await startLiar(t);
  const meta = Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, "x".repeat(100)]));
  const many = Array.from({ length: 5_000 }, (_, index) => entry(String(index + 1), { Meta: meta }));
  assert.ok(JSON.stringify(many).length > 10_000_000);
  say(json(many));
  await eventually("all are there", () => assert.equal(watch.current.length, 5_000));
});
