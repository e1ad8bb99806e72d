// The policies that a process is started with: typed by its services' descriptors.
import type { DescService } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import type {
  BreakerPolicy,
  Balancing,
  BulkheadPolicy,
  EjectionPolicy,
  HedgePolicy,
  RetryPolicy,
  ServerPolicy,
} from "./call-policy.ts";
import { callFields, instancesFields, type Layer } from "./fields.ts";
import { checkMethod } from "./proto-layers.ts";
import { readFields } from "./read-fields.ts";
import type { Said } from "./settle.ts";

/** Whether it is there at all; default: it is, as it is said. */
interface Switch {
  readonly enabled?: boolean;
}

/** What is said of calls; what is not set stays as it is. Durations are in milliseconds. See docs/reference/policy.md. */
export interface CallPolicyPatch {
  /** The deadline of calls that set none; 0 for none. For a whole service: of methods that answer once. */
  readonly timeoutMs?: number;
  readonly waitForReady?: boolean;
  /** `attemptTimeoutMs: 0` for as long as the call. */
  readonly retry?: { readonly [Name in keyof RetryPolicy]?: number };
  readonly hedge?: Switch & Partial<HedgePolicy>;
  readonly breaker?: Switch & Partial<BreakerPolicy>;
  /** `maxInFlight: 0` for no limit. */
  readonly bulkhead?: Partial<BulkheadPolicy>;
  readonly balancing?: Balancing;
  /** `maxInFlight: 0` for no limit of its own. */
  readonly server?: Partial<ServerPolicy>;
}

/** What is said of how instances are chosen. */
export interface InstancesPatch {
  readonly ejection?: Switch & Partial<EjectionPolicy>;
  /** 0 for all. */
  readonly subsetSize?: number;
  readonly preferZone?: boolean;
}

/** What is said of a proto service. */
export interface ServicePatch<S extends DescService = DescService> {
  /** Of all its methods. */
  readonly calls?: CallPolicyPatch;
  readonly instances?: InstancesPatch;
  /** Of one method, by the name that clients call it by. */
  readonly methods?: { readonly [Name in keyof S["method"]]?: CallPolicyPatch };
}

/** What `policyFor` makes. */
export interface ConfiguredService {
  readonly service: DescService;
  readonly patch: ServicePatch;
}

/** The policies that a process is started with, above what proto files say and below what the registry says. */
export interface PolicyConfiguration {
  /** Of the methods of all services. */
  readonly calls?: CallPolicyPatch;
  /** Of the instances of all services. */
  readonly instances?: InstancesPatch;
  /** Of some services, each by `policyFor`; it comes before the two above. */
  readonly services?: readonly ConfiguredService[];
}

/** What a process says of a proto service: `policyFor(InventoryService, { methods: { reserve: { timeoutMs: 500 } } })`. */
export function policyFor<S extends DescService>(service: S, patch: ServicePatch<S>): ConfiguredService {
  return { service, patch };
}

/** A configuration that was read. */
export interface ConfiguredPolicies {
  /** From the first to the last layer. */
  saidOfMethod(protoService: string, localName: string): readonly Said[];
  saidOfInstances(protoService: string): readonly Said[];
}

interface ReadService {
  readonly calls: Layer;
  readonly instances: Layer;
  readonly methods: ReadonlyMap<string, Layer>;
}

/** @throws SAMSPEL_INVALID_CONFIGURATION that names the service, the field, its value and what it must be. */
export function readConfiguration(given: PolicyConfiguration): ConfiguredPolicies {
  const { calls = {}, instances = {}, services = [] } = given;
  const ofAll: ReadService = {
    calls: readFields(calls, callFields, { what: "policies.calls" }),
    instances: readFields(instances, instancesFields, { what: "policies.instances" }),
    methods: new Map(),
  };
  const read = new Map<string, ReadService>();
  for (const { service, patch } of services) {
    const name = service.typeName;
    if (read.has(name)) {
      throw invalidConfiguration(`policies.services has ${name} twice: say all of it in one policyFor(…)`);
    }
    read.set(name, readService(service, patch));
  }
  return {
    saidOfMethod(protoService, localName) {
      const own = read.get(protoService);
      const method = own?.methods.get(localName);
      return [
        said(ofAll.calls, "service", "policies.calls"),
        ...(own === undefined ? [] : [said(own.calls, "service", `policyFor(${protoService}).calls`)]),
        ...(method === undefined
          ? []
          : [said(method, "method", `policyFor(${protoService}).methods.${localName}`)]),
      ];
    },
    saidOfInstances(protoService) {
      const own = read.get(protoService);
      return [
        said(ofAll.instances, "service", "policies.instances"),
        ...(own === undefined
          ? []
          : [said(own.instances, "service", `policyFor(${protoService}).instances`)]),
      ];
    },
  };
}

function readService(
  service: DescService,
  { calls = {}, instances = {}, methods = {} }: ServicePatch,
): ReadService {
  const what = `policyFor(${service.typeName})`;
  const read = new Map<string, Layer>();
  for (const [name, patch] of Object.entries(methods)) {
    if (patch === undefined) continue;
    const method = service.methods.find(({ localName }) => localName === name);
    if (method === undefined) {
      const known = service.methods.map(({ localName }) => localName).join(", ");
      throw invalidConfiguration(`${what}.methods has no method ${name}: there are ${known}`);
    }
    const place = { what: `${what}.methods.${name}` };
    const layer = readFields(patch, callFields, place);
    checkMethod(method, { layer }, place);
    read.set(name, layer);
  }
  return {
    calls: readFields(calls, callFields, { what: `${what}.calls` }),
    instances: readFields(instances, instancesFields, { what: `${what}.instances` }),
    methods: read,
  };
}

function said(layer: Layer, scope: Said["scope"], of: string): Said {
  return { layer, scope, origin: { type: "configuration", of } };
}
