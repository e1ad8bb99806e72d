// The policies of a process, of all places that say one, kept up to date with the registry. Invariants:
//   O1. A lookup is one of a map. A change of the registry empties it, so that the next call goes by what is new; calls
//       under way go on as they began.
//   O2. What proto files and the configuration say is checked before it holds: it throws, once and for all (A1).
//   O3. The registry is watched from the first lookup on, by one long poll (R7).
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Values, ValuesWatch } from "@samspel/registry";
import { SamspelError } from "../errors/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { CallPolicy, ServicePolicy } from "./call-policy.ts";
import { readConfiguration, type PolicyConfiguration } from "./configuration.ts";
import type { Policies } from "./policies.ts";
import { policyPrefix } from "./policy-key.ts";
import { protoSaidOfInstances, protoSaidOfMethod } from "./proto-layers.ts";
import { createRegistryPolicies, type RefusedPolicy } from "./registry-policies.ts";
import {
  callPolicyOf,
  servicePolicyOf,
  settleMethod,
  settleService,
  type Said,
  type Settled,
} from "./settle.ts";

export interface PoliciesOptions {
  /** What the process says itself. Default: nothing. */
  readonly configuration?: PolicyConfiguration | undefined;
  /** Of a registry. Default: nothing is read there. */
  readonly values?: Pick<Values, "watch"> | undefined;
  /** The service's name, for what is said of its processes alone. Default: none. */
  readonly service?: string | undefined;
  /**
   * Whether descriptors are those of others, as a gateway's are: what their files say and cannot be is logged and left
   * out, in place of an error. Default false.
   */
  readonly ofOthers?: boolean | undefined;
  readonly logger?: Logger | undefined;
}

/** What holds for a proto service, with where each value comes from. */
export interface InspectedService {
  readonly service: DescService;
  readonly instances: Settled;
  readonly methods: ReadonlyMap<DescMethod, Settled>;
}

export interface OpenPolicies extends Policies, Disposable {
  /** Checks what proto files say of services, and holds what the registry says of them. @throws SAMSPEL_INVALID_CONFIGURATION */
  check(services: readonly DescService[]): void;
  /** Resolves when the registry has answered, or cannot, or when the time is over. */
  ready(withinMs: number): Promise<void>;
  /** The proto services that the process has had to do with, by name. */
  inspect(): readonly InspectedService[];
  /** Values of the registry that are not in force. */
  readonly refused: readonly RefusedPolicy[];
}

/**
 * Opens the policies of a process; nothing is read of the registry before the first lookup.
 * @throws SAMSPEL_INVALID_CONFIGURATION for a configuration that cannot be.
 */
export function openPolicies(options: PoliciesOptions): OpenPolicies {
  const configured = readConfiguration(options.configuration ?? {});
  const stored = createRegistryPolicies(options.service, options.logger);
  /** Those that were looked up, each as it was last: a gateway sees several versions of one. */
  const services = new Map<string, DescService>();
  const checked = new WeakSet<DescService>();
  let calls = new WeakMap<DescMethod, CallPolicy>();
  let ofServices = new WeakMap<DescService, ServicePolicy>();
  let watch: ValuesWatch | undefined;
  let closed = false;

  const take = (of: Iterable<DescService>): void => {
    const values = watch?.current;
    if (values === undefined || !stored.take(values, of)) return;
    calls = new WeakMap();
    ofServices = new WeakMap();
  };
  const watched = (): ValuesWatch | undefined => {
    if (watch !== undefined || closed || options.values === undefined) return watch;
    watch = options.values.watch(policyPrefix);
    watch.onChange(() => take(services.values()));
    return watch;
  };
  const inFile = (read: () => readonly Said[], onError: (error: SamspelError) => void): readonly Said[] => {
    try {
      return read();
    } catch (error) {
      if (options.ofOthers !== true || !(error instanceof SamspelError)) throw error;
      onError(error);
      return [];
    }
  };
  const tell = (error: SamspelError): void => options.logger?.warn(`a policy is left out: ${error.message}`);
  const know = (service: DescService): void => {
    if (checked.has(service)) return;
    for (const method of service.methods) inFile(() => protoSaidOfMethod(method), tell);
    inFile(() => protoSaidOfInstances(service), tell);
    checked.add(service);
    services.set(service.typeName, service);
    watched();
    take([service]);
  };
  const settledMethod = (method: DescMethod): Settled => {
    const { typeName } = method.parent;
    return settleMethod(method, [
      ...inFile(
        () => protoSaidOfMethod(method),
        () => {},
      ),
      ...configured.saidOfMethod(typeName, method.localName),
      ...stored.saidOfMethod(typeName, method.name),
    ]);
  };
  const settledInstances = (service: DescService): Settled =>
    settleService([
      ...inFile(
        () => protoSaidOfInstances(service),
        () => {},
      ),
      ...configured.saidOfInstances(service.typeName),
      ...stored.saidOfInstances(service.typeName),
    ]);

  return {
    ofMethod(method) {
      let policy = calls.get(method);
      if (policy === undefined) {
        know(method.parent);
        calls.set(method, (policy = callPolicyOf(settledMethod(method))));
      }
      return policy;
    },
    ofService(service) {
      let policy = ofServices.get(service);
      if (policy === undefined) {
        know(service);
        ofServices.set(service, (policy = servicePolicyOf(settledInstances(service))));
      }
      return policy;
    },
    check(all) {
      for (const service of all) know(service);
    },
    async ready(withinMs) {
      const awaited = watched();
      if (awaited === undefined || awaited.status !== "waiting") return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      const leave = awaited.onChange(resolve);
      await promise;
      clearTimeout(timer);
      leave();
    },
    inspect: () =>
      [...services.values()]
        .toSorted((a, b) => (a.typeName < b.typeName ? -1 : 1))
        .map((service) => ({
          service,
          instances: settledInstances(service),
          methods: new Map(service.methods.map((method) => [method, settledMethod(method)] as const)),
        })),
    get refused() {
      return stored.refused;
    },
    [Symbol.dispose]() {
      closed = true;
      watch?.[Symbol.dispose]();
    },
  };
}
