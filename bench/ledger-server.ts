// The server of the measurement of calls, in a process of its own: the account's commands, and beside them an echo of
// the same size. It says its port by IPC, and when asked its processor time so far, and ends with its parent.
import { createLogger } from "../ts-runtime/src/telemetry/index.ts";
import { serve, startService } from "@samspel/runtime";
import { EchoLedgerService } from "../test/gen/samspel/test/v1/ledger_pb.ts";
import { ledger } from "./ledger.ts";

const [databaseUrl = "", registryUrl = "", schema = ""] = process.argv.slice(2);
const service = await startService({
  name: "ledger",
  entities: [ledger],
  services: [serve(EchoLedgerService, { echoDeposit: ({ amount }) => ({ balance: amount }) })],
  databaseUrl,
  registryUrl,
  schema,
  freezeStates: false,
  logger: createLogger({ service: "ledger", level: "warn" }),
});
process.on("message", () => process.send?.({ cpu: process.cpuUsage() }));
process.once("disconnect", () => process.exit());
process.send?.({ port: service.port });
