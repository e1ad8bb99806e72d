// One running process of a service, as the registry knows it (R1, R2).

/** A live instance of a service, as the registry has it. */
export interface Instance {
  /** Unique in the registry: `<name>-<address>-<port>`, with dots made dashes. */
  readonly id: string;
  /** The service's name. */
  readonly service: string;
  readonly address: string;
  readonly port: number;
  /** The full names of the proto services that it serves. */
  readonly protoServices: readonly string[];
  /** `protocols`, `version`, `zone`, `lang`, `secure` and whatever else it says about itself. */
  readonly meta: Readonly<Record<string, string>>;
  /** All tags, `grpc` and the proto services among them. */
  readonly tags: readonly string[];
  /** Its share of calls beside the others', 1 or more; 1 unless it was registered with another. */
  readonly weight: number;
  /** Where it runs, as Consul names its datacenters. */
  readonly datacenter: string;
}

/** The tag of every instance that speaks gRPC. */
export const grpcTag = "grpc";

/** Whether two sorted sets are the same in all that a caller can see. */
export function sameInstances(left: readonly Instance[], right: readonly Instance[]): boolean {
  return left.length === right.length && JSON.stringify(left) === JSON.stringify(right);
}
