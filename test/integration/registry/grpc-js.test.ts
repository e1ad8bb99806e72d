// A stock @grpc/grpc-js client finds its servers through `consul:` targets.
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { registerConsulResolver } from "@samspel/registry/grpc-js";
import { Client, credentials, status, type ServiceError } from "@grpc/grpc-js";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";
import { errorDetail } from "@samspel/runtime";
import assert from "node:assert/strict";
import t from "tap";
import { eventually } from "../../support/eventually.ts";
import { startHealthServer } from "./health-server.ts";

const callOptions = (): { deadline: number } => ({ deadline: Date.now() + 5_000 });

/** Calls a method that answers with the server's name. */
function whoAnswers(client: Client): Promise<string> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      "/orders.v1.OrderService/WhoAnswers",
      (text: string) => Buffer.from(text),
      (bytes: Buffer) => bytes.toString(),
      "",
      callOptions(),
      (error: ServiceError | null, value?: string) => (error === null ? resolve(value ?? "") : reject(error)),
    );
  });
}

t.test(
  "registerConsulResolver() balances a stock channel over the instances and follows one that leaves",
  async (t) => {
    const embedded = await startEmbeddedRegistry();
    const first = await startHealthServer("first");
    const second = await startHealthServer("second");
    const registry = createRegistry({ url: embedded.url, graceMs: 100 });
    const resolver = registerConsulResolver({ registry, waitForFirstMs: 300 });
    const join = (port: number) =>
      registry.register({
        name: "orders",
        address: "127.0.0.1",
        port,
        protoServices: ["orders.v1.OrderService"],
      });
    const client = new Client("consul:///orders.v1.OrderService", credentials.createInsecure());
    t.teardown(async () => {
      client.close();
      await resolver.close();
      await registry.close();
      await Promise.all([first.close(), second.close()]);
      await embedded.close();
    });

    const beganAt = performance.now();
    const error: ServiceError = await whoAnswers(client).then(
      () => assert.fail("answered"),
      (error: ServiceError) => error,
    );
    t.match(error, {
      code: status.UNAVAILABLE,
      details: /No instance of orders.v1.OrderService passes its checks in the registry at http:/,
    });
    t.ok(performance.now() - beganAt >= 250, "it waited for the first");
    const [richStatus] = error.metadata.get("grpc-status-details-bin");
    const trailer = new Headers({
      "grpc-status": String(error.code),
      "grpc-status-details-bin": Buffer.from(richStatus ?? "").toString("base64"),
    });
    const connectError = findTrailerError(trailer);
    t.match(
      connectError === undefined ? undefined : errorDetail(connectError),
      { code: "SAMSPEL_NO_INSTANCE", metadata: { service: "orders.v1.OrderService" } },
      "callers read the same detail as from our own clients",
    );

    const firstHandle = await join(first.port);
    const secondHandle = await join(second.port);
    await eventually("both answer", async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => whoAnswers(client).catch(() => "")));
      assert.deepEqual([...new Set(answers)].sort(), ["first", "second"]);
    });

    await firstHandle.deregister();
    await eventually("only the second answers", async () => {
      const answers = await Promise.all([1, 2, 3, 4].map(() => whoAnswers(client)));
      assert.deepEqual(answers, ["second", "second", "second", "second"]);
    });

    await secondHandle.deregister();
    await eventually("nobody answers once the grace is over", async () => {
      await assert.rejects(whoAnswers(client), { code: status.UNAVAILABLE, details: /No instance of/ });
    });

    await join(first.port);
    await eventually("the first answers again", async () => {
      assert.equal(await whoAnswers(client), "first");
    });
  },
);

t.test("registerConsulResolver() resolves in the registry that a target names", async (t) => {
  const embedded = await startEmbeddedRegistry();
  const server = await startHealthServer("alone");
  const registry = createRegistry({ url: embedded.url });
  const resolver = registerConsulResolver();
  const client = new Client(
    `consul://127.0.0.1:${embedded.port}/orders.v1.OrderService`,
    credentials.createInsecure(),
  );
  t.teardown(async () => {
    client.close();
    await resolver.close();
    await registry.close();
    await server.close();
    await embedded.close();
  });
  await registry.register({
    name: "orders",
    address: "127.0.0.1",
    port: server.port,
    protoServices: ["orders.v1.OrderService"],
  });
  t.equal(await whoAnswers(client), "alone");
  t.throws(() => new Client("consul:///not a name", credentials.createInsecure()), /full proto service name/);
});
