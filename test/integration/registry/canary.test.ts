// Weights, versions and maintenance as callers see them, with our clients and with a stock grpc-js channel.
import assert from "node:assert/strict";
import { Client, credentials } from "@grpc/grpc-js";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { registerConsulResolver } from "@samspel/registry/grpc-js";
import { createClients } from "@samspel/runtime";
import t from "tap";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { eventually } from "../../support/eventually.ts";
import { echoByGrpcJs, startEchoInstance } from "../../support/steady-callers.ts";

t.test("calls are shared by weight, and go to a version where that is asked for", async (t) => {
  const embedded = await startEmbeddedRegistry();
  const registry = createRegistry({ url: embedded.url, graceMs: 0 });
  const clients = createClients({ registry });
  const resolver = registerConsulResolver({ registry });
  const stock = (target: string): Client => new Client(target, credentials.createInsecure());
  const all = stock(`consul:///${EchoService.typeName}`);
  const second = stock(`consul:///${EchoService.typeName}?version=2`);
  t.teardown(async () => {
    for (const channel of [all, second]) channel.close();
    await resolver.close();
    await clients.close();
    await registry.close();
    await embedded.close();
  });
  await startEchoInstance(t, "steady", registry, { version: "1", weights: { passing: 9 } });
  await startEchoInstance(t, "canary", registry, { version: "2" });

  const callers: Readonly<Record<string, { any: () => Promise<string>; second: () => Promise<string> }>> = {
    "our clients": {
      any: async () => (await clients.client(EchoService).echo({})).text,
      second: async () => {
        const client = clients.client(EchoService, { instances: { version: "2" } });
        return (await client.echo({})).text;
      },
    },
    "grpc-js": { any: () => echoByGrpcJs(all), second: () => echoByGrpcJs(second) },
  };
  for (const [who, caller] of Object.entries(callers)) {
    await eventually(`${who} know both`, async () => {
      const answers = new Set(await Promise.all(Array.from({ length: 40 }, caller.any)));
      assert.deepEqual([...answers].sort(), ["canary", "steady"]);
    });
    let canary = 0;
    for (let call = 0; call < 200; call += 1) if ((await caller.any()) === "canary") canary += 1;
    t.ok(canary > 3 && canary < 60, `${who}: ${canary} of 200 went to weight 1 beside weight 9`);
    const asked = new Set(await Promise.all(Array.from({ length: 40 }, caller.second)));
    t.same([...asked], ["canary"], who);
  }
});
