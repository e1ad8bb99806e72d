// Identity, with the certificates of a real Consul: who may call, who may not any more, and who has none.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ScenarioService } from "../typescript/gen/samspel/scenario/v1/scenario_pb.ts";
import type { SuiteScenario } from "./direction.ts";
import { equal } from "./equal.ts";

const mtls: SuiteScenario = async ({ ground, drive, driver, server }) => {
  await drive("mtls", { expect: "allowed" });
  await withoutCertificate(server.port);
  const pair = new URLSearchParams({ source: driver.service, destination: server.service });
  const denied = await fetch(`${ground.registryUrl}/v1/connect/intentions/exact?${pair.toString()}`, {
    method: "PUT",
    body: JSON.stringify({ Action: "deny" }),
  });
  equal("the intention is taken", denied.status, 200);
  await drive("mtls", { expect: "denied" });
};

/** @throws where a caller without a certificate is answered. */
async function withoutCertificate(port: number): Promise<void> {
  const transport = createGrpcTransport({
    baseUrl: `https://127.0.0.1:${port}`,
    nodeOptions: { rejectUnauthorized: false },
  });
  const answered = await createClient(ScenarioService, transport)
    .echo({ text: "?" }, { timeoutMs: 5_000 })
    .then(
      () => true,
      () => false,
    );
  equal("a caller without a certificate is answered", answered, false);
}

/** What needs programs with SAMSPEL_IDENTITY. */
export const identityScenarios: ReadonlyMap<string, SuiteScenario> = new Map([["mtls", mtls]]);
