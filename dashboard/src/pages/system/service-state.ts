// The states of a service in words and tones.
import { ServiceState, type Service } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

/** How a state looks: never by colour alone, its text stands beside it. */
export interface StateLook {
  readonly text: string;
  readonly tone: "good" | "busy" | "bad" | "off";
}

const looks: Readonly<Record<ServiceState, StateLook>> = {
  [ServiceState.UNSPECIFIED]: { text: "unknown", tone: "off" },
  [ServiceState.DOWN]: { text: "down", tone: "off" },
  [ServiceState.BUILDING]: { text: "building", tone: "busy" },
  [ServiceState.STARTING]: { text: "starting", tone: "busy" },
  [ServiceState.READY]: { text: "ready", tone: "good" },
  [ServiceState.DRAINING]: { text: "draining", tone: "busy" },
  [ServiceState.CRASHED]: { text: "crashed", tone: "bad" },
};

/** How a service is; ready with instances whose checks fail is not well. */
export function stateOf(service: Service): StateLook {
  const look =
    (looks as Readonly<Record<number, StateLook>>)[service.state] ?? looks[ServiceState.UNSPECIFIED];
  const failing = service.instances.filter(({ healthy }) => !healthy).length;
  if (look.tone !== "good" || failing === 0) return look;
  return { text: `${failing} of ${service.instances.length} unhealthy`, tone: "bad" };
}

/** The versions of its instances. */
export function versionsOf(service: Service): string {
  return [...new Set(service.instances.map(({ meta }) => meta["version"] ?? ""))].filter(Boolean).join(", ");
}
