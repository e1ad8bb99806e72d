// A service of parcels, as a process that tests kill and freeze.
import process from "node:process";
import { startService } from "@samspel/runtime";
import { defineParcel } from "../../support/parcels.ts";

await startService({
  name: process.env["SERVICE_NAME"] ?? "parcel",
  entities: [defineParcel()],
});
