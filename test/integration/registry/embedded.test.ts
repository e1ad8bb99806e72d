// The contract, kept by the embedded registry.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { registryContract } from "./contract.ts";

t.test("the embedded registry keeps the contract", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await registryContract(t, embedded.url);
});

t.test("startEmbeddedRegistry() names the port when it is taken", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await t.rejects(startEmbeddedRegistry({ port: embedded.port }), {
    message: new RegExp(`Cannot start the embedded registry on 127.0.0.1:${embedded.port}: .*EADDRINUSE`),
  });
});
