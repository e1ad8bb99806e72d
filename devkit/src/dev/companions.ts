// What is started beside the services: the collector of traces, the gateway, the dashboard. They are libraries of their
// own; this is all that a run knows of them.
import type { Collector } from "../collector/index.ts";
import type { DevSystem } from "./dev-system.ts";

/** Something that listens, and can be closed. */
export interface Companion {
  readonly url: string;
  readonly close: () => Promise<void>;
}

interface CompanionPlace {
  readonly host: string;
  readonly port: number;
}

interface GatewayStart extends CompanionPlace {
  readonly registryUrl: string;
  /** Whether services want to see who calls (`--identity`). */
  readonly identity: "none" | "consul";
  /** Where its spans go. */
  readonly collectorUrl: string | undefined;
  /** Takes each line of its log. */
  readonly onLine: (text: string) => void;
}

interface DashboardStart extends CompanionPlace {
  readonly system: DevSystem;
  readonly collector: Collector | undefined;
  readonly registryUrl: string;
  readonly natsUrl: string;
  readonly gatewayUrl: string | undefined;
}

/** How each of them is started; one without a function is not. */
export interface Companions {
  readonly startCollector?: (place: CompanionPlace) => Promise<Collector>;
  readonly startGateway?: (options: GatewayStart) => Promise<Companion>;
  readonly startDashboard?: (options: DashboardStart) => Promise<Companion>;
}
