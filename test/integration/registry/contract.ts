// What every registry must do, on the wire and under our library (R6): the embedded one and real Consul run these
// same cases. Names are unique, as a Consul may be shared.
import type { Test } from "tap";
import { consulApi } from "./consul-api.ts";
import { agentCases } from "./contract-agent.ts";
import { blockingCases } from "./contract-blocking.ts";
import { checkCases } from "./contract-checks.ts";
import { connectCases } from "./contract-connect.ts";
import { descriptorCases } from "./contract-descriptors.ts";
import { kvCases } from "./contract-kv.ts";
import { libraryCases } from "./contract-library.ts";
import { sessionCases } from "./contract-sessions.ts";
import { stateCases } from "./contract-states.ts";
import { valuesCases } from "./contract-values.ts";

/** Runs the cases against a registry. */
export async function registryContract(t: Test, url: string): Promise<void> {
  const api = consulApi(url);
  t.jobs = 4;
  await Promise.all([
    ...agentCases(t, api),
    ...checkCases(t, api),
    ...blockingCases(t, api),
    ...kvCases(t, api),
    ...sessionCases(t, api),
    ...connectCases(t, api),
    ...libraryCases(t, api),
    ...descriptorCases(t, api),
    ...stateCases(t, api),
    ...valuesCases(t, api),
  ]);
}
