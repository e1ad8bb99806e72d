// What an instance says when it joins (R1, R2), completed and checked against Consul's limits once.
import { sha256Of } from "../descriptors/index.ts";
import { RegistryError } from "../errors.ts";
import { grpcTag } from "../instance.ts";

/** How the registry learns that an instance lives. */
export type RegistrationCheck =
  /** The registry calls `grpc.health.v1.Health/Check` in plaintext. Default every 5,000 ms, with 2,000 ms to answer. */
  | { readonly type: "grpc"; readonly intervalMs?: number; readonly timeoutMs?: number }
  /** The instance says so itself, three times per `ttlMs`. Default 15,000 ms. */
  | { readonly type: "ttl"; readonly ttlMs?: number }
  /** The registry opens a connection to the instance's port. Intervals as with `grpc`. */
  | { readonly type: "tcp"; readonly intervalMs?: number; readonly timeoutMs?: number }
  /** The registry gets a URL, which must answer 2xx. Intervals as with `grpc`. */
  | { readonly type: "http"; readonly url: string; readonly intervalMs?: number; readonly timeoutMs?: number }
  /** It always counts as alive. */
  | { readonly type: "none" };

/** What an instance tells the registry of itself (R1, R2). */
export interface Registration {
  /** The service's name: a DNS label, `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, at most 63 characters. */
  readonly name: string;
  /** Where callers reach this instance, as they see it. */
  readonly address: string;
  readonly port: number;
  /** The full names of the proto services it serves; not health and reflection. */
  readonly protoServices: readonly string[];
  /** Default `["grpc"]`. */
  readonly protocols?: readonly ("grpc" | "grpc-web" | "connect")[];
  /** The service's version. Default empty. */
  readonly version?: string;
  /** Where it runs. Default empty. */
  readonly zone?: string;
  /** What it is written in: `ts`, `go`, `python` … Default empty. */
  readonly lang?: string;
  /** Whether callers must use TLS. Default false. */
  readonly secure?: boolean;
  /** Whether it proves who it is by a certificate of the registry's CA, and asks the same of callers. Default false. */
  readonly connectNative?: boolean;
  /**
   * A plaintext port on the loopback that the check calls in place of `port`, as a registry has no certificate to show.
   * Default: none.
   */
  readonly healthPort?: number;
  /** More pairs to publish; at most 64 in all, keys of letters, digits, `-` and `_`, values of at most 512 characters. */
  readonly meta?: Readonly<Record<string, string>>;
  /**
   * Its share of calls beside other instances': whole numbers, `passing` of 1 to 65535, `warning` of 0 to 65535 for
   * while a check of it warns, 0 for none. Default 1 each.
   */
  readonly weights?: { readonly passing?: number; readonly warning?: number };
  /** Default `{ type: "grpc" }`. */
  readonly check?: RegistrationCheck;
  /** A dead instance is forgotten after this long, or never. Default 60,000 ms, which is also Consul's minimum. */
  readonly deregisterCriticalAfterMs?: number | "never";
  /** More tags than `grpc` and the proto services. */
  readonly tags?: readonly string[];
  /**
   * A FileDescriptorSet of all that the proto services need, as bytes: each file after its imports, without source
   * info. It is published under its hash before the instance is registered (R3), which says the hash in its meta.
   * Default: none.
   */
  readonly descriptors?: Uint8Array;
}

/** Which version of the joining contract an instance keeps (docs/joining.md). */
const contractVersion = "1";

export interface ResolvedRegistration {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly check: Required<RegistrationCheck>;
  readonly connectNative: boolean;
  readonly healthPort: number | undefined;
  readonly deregisterCriticalAfterMs: number | "never";
  readonly descriptors: Uint8Array | undefined;
}

/** @throws RegistryError `SAMSPEL_INVALID_CONFIGURATION` naming what the registry would not take. */
export function resolveRegistration(registration: Registration): ResolvedRegistration {
  const { name, address, port } = registration;
  mustHold(
    name.length <= 63 && /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(name),
    "name",
    name,
    "a DNS label like orders-v1",
  );
  mustHold(address !== "", "address", address, "an address that callers can reach");
  mustHold(Number.isInteger(port) && port > 0 && port < 65_536, "port", String(port), "from 1 to 65535");
  const meta: Record<string, string> = {
    ...registration.meta,
    protocols: (registration.protocols ?? ["grpc"]).join(","),
    version: registration.version ?? "",
    zone: registration.zone ?? "",
    lang: registration.lang ?? "",
    secure: String(registration.secure ?? false),
    ...(registration.healthPort === undefined ? {} : { health_port: String(registration.healthPort) }),
    ...(registration.descriptors === undefined
      ? {}
      : { descriptor_sha256: sha256Of(registration.descriptors) }),
    samspel_contract: contractVersion,
  };
  mustHold(Object.keys(meta).length <= 64, "meta", `${Object.keys(meta).length} pairs`, "at most 64 pairs");
  for (const [key, value] of Object.entries(meta)) {
    mustHold(/^[A-Za-z0-9_-]{1,128}$/.test(key), "meta key", key, "1 to 128 letters, digits, - and _");
    mustHold(value.length <= 512, `meta ${key}`, `${value.length} characters`, "at most 512 characters");
  }
  return {
    id: `${name}-${address}-${port}`.replaceAll(".", "-"),
    name,
    address,
    port,
    tags: [...new Set([grpcTag, ...registration.protoServices, ...(registration.tags ?? [])])],
    meta,
    weights: resolveWeights(registration.weights),
    check: resolveCheck(registration.check ?? { type: "grpc" }),
    connectNative: registration.connectNative ?? false,
    healthPort: registration.healthPort,
    deregisterCriticalAfterMs: registration.deregisterCriticalAfterMs ?? 60_000,
    descriptors: registration.descriptors,
  };
}

function resolveWeights({ passing = 1, warning = 1 }: NonNullable<Registration["weights"]> = {}) {
  mustHold(isWeight(passing, 1), "weights.passing", String(passing), "a whole number from 1 to 65535");
  mustHold(isWeight(warning, 0), "weights.warning", String(warning), "a whole number from 0 to 65535");
  return { passing, warning };
}

const isWeight = (value: number, least: number): boolean =>
  Number.isInteger(value) && value >= least && value <= 65_535;

function resolveCheck(check: RegistrationCheck): Required<RegistrationCheck> {
  switch (check.type) {
    case "grpc":
    case "tcp":
    case "http":
      return { ...check, intervalMs: check.intervalMs ?? 5_000, timeoutMs: check.timeoutMs ?? 2_000 };
    case "ttl":
      return { type: "ttl", ttlMs: check.ttlMs ?? 15_000 };
    default:
      return check;
  }
}

function mustHold(holds: boolean, what: string, value: string, must: string): void {
  if (holds) return;
  throw new RegistryError(
    "SAMSPEL_INVALID_CONFIGURATION",
    `Cannot register with ${what} "${value}" as it must be ${must}`,
  );
}
