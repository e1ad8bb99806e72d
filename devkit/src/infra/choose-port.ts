// Which port a part gets on loopback.
import { blockPort, inspectPort, thisOrFreePort, type PortState } from "../process/index.ts";
import type { InfraPartName } from "./infra.ts";
import { InfraError } from "./infra-error.ts";
import { partTitles, type PartContext } from "./part.ts";

/** Everything that we start listens here, and only here. */
export const loopback = "127.0.0.1";

const places: Readonly<Record<InfraPartName, number>> = { postgres: 0, nats: 1, registry: 2 };

/**
 * The port that the options name, else one that stays the same for the data folder.
 * @throws InfraError when a named port is taken.
 */
export async function choosePort(part: InfraPartName, { options }: PartContext): Promise<number> {
  const named = options.ports[part];
  if (named === undefined) return thisOrFreePort(usualPort(part, options.dataDir), loopback);
  const state = await inspectPort(named, loopback);
  if (state.type === "free") return named;
  throw new InfraError(
    `Cannot start ${partTitles[part]} on ${loopback}:${named} as the port is taken${describeHolder(state)}: ` +
      "stop that process, or choose another port",
    { part },
  );
}

/** Where a part of the data folder's infra listens, unless another program had the port when it was started. */
export function usualPort(part: InfraPartName, dataDir: string): number {
  return blockPort(dataDir, places[part]);
}

function describeHolder(state: PortState): string {
  if (state.type === "free" || state.by === undefined) return "";
  return ` by process ${state.by.pid} (${state.by.command})`;
}
