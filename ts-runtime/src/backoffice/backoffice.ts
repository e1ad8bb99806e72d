// samspel.v1.BackofficeService: how the background work of a service is, and what may be done about it.
//
// Invariants:
//   K1. It shows and touches what is this service's own, and nothing else of the system.
//   K2. A change is written down where all instances see it; it never means only the instance that was asked.
//   K3. A change is told in the log before it is made, with who asked for it.
//   K4. To look changes nothing: no stream, group or table is made by it.
import { BackofficeService } from "../gen/samspel/v1/backoffice_pb.ts";
import { bind, type ServiceBinding } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { deadLetterMethods } from "./dead-letters.ts";
import { leaseMethods } from "./leases.ts";
import { outboxMethods } from "./outbox.ts";
import type { BackofficeParts } from "./parts.ts";
import { projectionMethods } from "./projections.ts";
import { publicationMethods } from "./publications.ts";
import { subscriptionMethods } from "./subscriptions.ts";
import { tellMethods } from "./tells.ts";
import { topicMethods } from "./topics.ts";
import { watched } from "./watched.ts";

/** Makes the backoffice of a service, to be served beside its own proto services. */
export function createBackoffice(parts: BackofficeParts, logger: Logger): ServiceBinding {
  const impl = {
    ...topicMethods(parts),
    ...publicationMethods(parts),
    ...subscriptionMethods(parts),
    ...deadLetterMethods(parts),
    ...tellMethods(parts),
    ...outboxMethods(parts),
    ...projectionMethods(parts),
    ...leaseMethods(parts),
  };
  return bind(BackofficeService, watched(impl, logger));
}
