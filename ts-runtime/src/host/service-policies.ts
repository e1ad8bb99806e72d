// The policies of a service: for its clients and for its port.
import type { Registry } from "@samspel/registry";
import { openPolicies, type OpenPolicies } from "../policy/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { ServiceOptions } from "./options.ts";

/** How long a start waits for what the registry says; a registry that is away says so when the service registers. */
const readyWithinMs = 2_000;

/**
 * Opens the policies of a service, with what the registry says by now where it answers.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a configuration that cannot be.
 */
export async function openServicePolicies(
  { name, policies: configuration }: ServiceOptions,
  registry: Registry,
  { logger, begun }: { readonly logger: Logger; readonly begun: AsyncDisposableStack },
): Promise<OpenPolicies> {
  const policies = begun.use(openPolicies({ configuration, values: registry.values, service: name, logger }));
  await policies.ready(readyWithinMs);
  return policies;
}
