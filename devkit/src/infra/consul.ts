// A real Consul agent in development mode: one server, in memory, leader after 0.1 s. Services register again
// when it restarts (R4), so there is nothing to keep.
import { findBinary } from "./binary.ts";
import { choosePort, loopback } from "./choose-port.ts";
import { launchServer } from "./launch-server.ts";
import type { PartContext, PreparedPart } from "./part.ts";
import { blockPort, thisOrFreePort } from "../process/index.ts";
import { consul } from "./tools.ts";

const node = "samspel";

/** Finds or builds Consul, and chooses its ports. */
export async function prepareConsul(context: PartContext): Promise<PreparedPart> {
  const { options, supervisor } = context;
  const binary = await findBinary(consul, context);
  const port = await choosePort("registry", context);
  // Behind those of the parts.
  const inner = (place: number): Promise<number> =>
    thisOrFreePort(blockPort(options.dataDir, place), loopback);
  const serverPort = await inner(3);
  const serfPort = await inner(4);
  const url = `http://${loopback}:${port}`;
  return {
    url,
    description: `Consul ${binary.version} in development mode (${binary.origin})`,
    command: binary.path,
    launch: (signal) =>
      launchServer({
        part: "registry",
        supervisor,
        signal,
        spec: {
          command: binary.path,
          args: [
            "agent",
            "-dev",
            `-node=${node}`,
            "-log-level=warn",
            `-bind=${loopback}`,
            `-client=${loopback}`,
            `-http-port=${port}`,
            `-server-port=${serverPort}`,
            `-serf-lan-port=${serfPort}`,
            "-serf-wan-port=-1",
            "-dns-port=-1",
            "-grpc-port=-1",
            "-grpc-tls-port=-1",
            "-hcl=disable_update_check = true",
          ],
          graceMs: 3000,
        },
        ready: { type: "probe", probe: () => catalogAnswers(url) },
      }),
  };
}

/** It has a leader, and its own node is in the catalog: from now on registrations are seen. */
async function catalogAnswers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/v1/catalog/node/${node}`, { signal: AbortSignal.timeout(1000) });
  return response.ok && (await response.json()) !== null;
}
