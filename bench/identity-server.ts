// The server of the measurement of identity, in a process of its own: an echo, with an identity or without. It says its
// port by IPC and ends with its parent.
import { serve, startService } from "@samspel/runtime";
import { EchoLedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";

const [registryUrl = "", mode = "none"] = process.argv.slice(2);
const identity = mode === "consul" ? "consul" : "none";
const name = identity === "consul" ? "bench-secure" : "bench-plain";
const service = await startService({
  name,
  identity,
  services: [serve(EchoLedgerService, { echoDeposit: ({ amount }) => ({ balance: amount }) })],
  registryUrl,
  ownsProcess: false,
  logger: createLogger({ service: name, level: "warn" }),
});
process.once("disconnect", () => process.exit());
process.send?.({ port: service.port });
