// grpc.health.v1: what Consul, Kubernetes and every gRPC client ask to learn whether calls are welcome.
import { EventEmitter, once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { SamspelError } from "../errors/index.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../gen/grpc/health/v1/health_pb.ts";
import { bind, type ServiceBinding } from "./binding.ts";
import { drainingSignal } from "./draining.ts";

export interface HealthState {
  readonly binding: ServiceBinding;
  setServing(serving: boolean): void;
}

/**
 * The health of the server as a whole (`""`) and of each of its proto services; all share one status. `isFit` says
 * whether the server could serve at all, whatever it wants.
 */
export function createHealth(
  protoServices: readonly string[],
  serving: boolean,
  isFit: () => boolean = () => true,
): HealthState {
  const names = new Set(["", ...protoServices]);
  const changes = new EventEmitter().setMaxListeners(0);
  let wanted = serving;
  const statusNow = (): Status => (wanted && isFit() ? Status.SERVING : Status.NOT_SERVING);

  return {
    setServing(serving) {
      wanted = serving;
      changes.emit("change");
    },
    binding: bind(Health, {
      check({ service }) {
        if (!names.has(service)) throw new ConnectError(`unknown service ${service}`, Code.NotFound);
        return { status: statusNow() };
      },
      list() {
        const status = statusNow();
        return { statuses: Object.fromEntries(Array.from(names, (name) => [name, { status }])) };
      },
      async *watch({ service }, context) {
        const draining = drainingSignal(context);
        let told: Status | undefined;
        while (true) {
          const current = names.has(service) ? statusNow() : Status.SERVICE_UNKNOWN;
          if (current !== told) yield { status: (told = current) };
          else if (draining.aborted) throw new SamspelError("SAMSPEL_DRAINING", "the server is draining");
          else
            await once(changes, "change", { signal: draining }).catch(() => context.signal.throwIfAborted());
        }
      },
    }),
  };
}
