// The inspection of a service: all that is stored is shown to whoever reaches the port. That is told where others than
// this machine may.
import { createInspection } from "../inspection/index.ts";
import type { OpenPolicies } from "../policy/index.ts";
import type { ServiceBinding } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { isLoopback } from "./is-loopback.ts";
import type { OpenInfra } from "./open-infra.ts";
import type { ResolvedServiceOptions, ServiceOptions } from "./options.ts";

/** What the inspection needs beside the options. */
export interface InspectionGround {
  readonly infra: OpenInfra;
  readonly logger: Logger;
  readonly policies: OpenPolicies;
}

/** None where it is off. */
export function inspectionBindings(
  { entities = [] }: ServiceOptions,
  { inspection, host, port }: ResolvedServiceOptions,
  { infra, logger, policies }: InspectionGround,
): readonly ServiceBinding[] {
  if (!inspection) return [];
  if (!isLoopback(host)) {
    logger.warn(
      { host, port },
      "INSPECTION IS ON: whoever reaches this port can read all that the entities have stored; SAMSPEL_INSPECTION=false turns it off",
    );
  }
  return [createInspection({ entities, database: infra.database, policies })];
}
