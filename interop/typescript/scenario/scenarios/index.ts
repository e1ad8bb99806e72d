// The scenarios by their names in interop/README.md.
import { health, metadata, reflection, traceContext } from "./around.ts";
import { bidiStream, clientStream, serverStream, unary } from "./calls.ts";
import { cancellation, deadline, errorDetails, unknownError } from "./ends.ts";
import { discovery, drain, mtls, reRegistration } from "./instances.ts";
import { tell, tellRejected, topic } from "./messages.ts";
import type { Scenario } from "./scenario.ts";

export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ["unary", unary],
  ["server-stream", serverStream],
  ["client-stream", clientStream],
  ["bidi-stream", bidiStream],
  ["deadline", deadline],
  ["cancellation", cancellation],
  ["error-detail", errorDetails],
  ["unknown-error", unknownError],
  ["metadata", metadata],
  ["trace-context", traceContext],
  ["health", health],
  ["reflection", reflection],
  ["discovery", discovery],
  ["topic", topic],
  ["tell", tell],
  ["tell-rejected", tellRejected],
  ["re-registration", reRegistration],
  ["drain", drain],
  ["mtls", mtls],
]);
