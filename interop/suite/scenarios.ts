// The scenarios in their order, each as the suite runs it: most are the driver's alone; of some the suite sees the other
// half (interop/README.md).
import { randomUUID } from "node:crypto";
import type { SuiteScenario } from "./direction.ts";
import { deadLetter, inbox, tell, topic, traceContext } from "./kept.ts";
import { verified } from "./verified.ts";
import { discovery, drain, reRegistration, registered, stop } from "./instances.ts";

const driven = (scenario: string): [string, SuiteScenario] => [scenario, (stage) => stage.drive(scenario)];
const drivenAs = (scenario: string, name: string): [string, SuiteScenario] => [
  scenario,
  (stage) => stage.drive(scenario, { [name]: randomUUID() }),
];

/** The last ones replace instances, and the very last ends what serves. */
export const scenarios: ReadonlyMap<string, SuiteScenario> = new Map([
  ["registered", registered],
  // While the driver is new: later an instance that others were to make fail would be left alone for a while, and a new
  // one would warm up.
  ["discovery", discovery],
  ["verified", verified],
  driven("unary"),
  driven("server-stream"),
  driven("client-stream"),
  driven("bidi-stream"),
  drivenAs("deadline", "run"),
  drivenAs("cancellation", "run"),
  driven("error-detail"),
  driven("unknown-error"),
  driven("metadata"),
  ["trace-context", traceContext],
  driven("health"),
  driven("reflection"),
  ["topic", topic],
  ["inbox", inbox],
  ["dead-letter", deadLetter],
  ["tell", tell],
  drivenAs("tell-rejected", "id"),
  ["drain", drain],
  ["re-registration", reRegistration],
  ["stop", stop],
]);
