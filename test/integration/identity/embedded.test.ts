// Identity by the CA of the embedded registry.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { identitySuite } from "./suite.ts";

t.test("identity by the embedded registry", async (t) => {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  await identitySuite(t, embedded.url);
});
