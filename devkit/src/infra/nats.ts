// nats-server with JetStream, on loopback. It has no password: clients take NATS_URL as it is, and not all of them
// read credentials from a URL.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findBinary } from "./binary.ts";
import { choosePort, loopback } from "./choose-port.ts";
import { launchServer } from "./launch-server.ts";
import { natsAnswers } from "./nats-answers.ts";
import type { PartContext, PreparedPart } from "./part.ts";
import { natsServer } from "./tools.ts";

/** Finds or builds nats-server, and prepares data and port. */
export async function prepareNats(context: PartContext): Promise<PreparedPart> {
  const { options, supervisor } = context;
  const binary = await findBinary(natsServer, context);
  const dataDir = join(options.dataDir, "nats");
  await mkdir(dataDir, { recursive: true });
  const port = await choosePort("nats", context);
  return {
    url: `nats://${loopback}:${port}`,
    description: `nats-server ${binary.version} with JetStream (${binary.origin})`,
    dataDir,
    command: binary.path,
    launch: (signal) =>
      launchServer({
        part: "nats",
        supervisor,
        signal,
        spec: {
          command: binary.path,
          args: ["--addr", loopback, "--port", String(port), "--jetstream", "--store_dir", dataDir],
        },
        ready: {
          type: "probe",
          probe: async () => (await natsAnswers(loopback, port, 1000)).type === "ready",
        },
      }),
  };
}
