// What the registry says of policies, as far as this process has to do with it. Invariants:
//   L1. A value that cannot be is refused as a whole: the one before it stays, and why is said once and kept.
//   L2. Only a value that is gone is unset: while the registry is away, what it said last holds.
import type { DescService } from "@bufbuild/protobuf";
import type { StoredValue } from "@samspel/registry";
import { SamspelError } from "../errors/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { policyKey } from "./policy-key.ts";
import { checkMethod } from "./proto-layers.ts";
import type { Said } from "./settle.ts";
import { parseStored, type StoredPolicy } from "./stored-policy.ts";

/** A value that is not in force. */
export interface RefusedPolicy {
  readonly key: string;
  readonly protoService: string;
  readonly reason: string;
}

export interface RegistryPolicies {
  /** Takes what the registry says now, of these services; whether anything that holds is another. */
  take(values: ReadonlyMap<string, StoredValue>, services: Iterable<DescService>): boolean;
  /** From the first to the last layer. */
  saidOfMethod(protoService: string, method: string): readonly Said[];
  saidOfInstances(protoService: string): readonly Said[];
  readonly refused: readonly RefusedPolicy[];
}

interface Accepted {
  readonly text: string;
  readonly policy: StoredPolicy;
}

/** @param service The own service's name; undefined for a process that is none. */
export function createRegistryPolicies(
  service: string | undefined,
  logger: Logger | undefined,
): RegistryPolicies {
  const accepted = new Map<string, Accepted>();
  const refused = new Map<string, RefusedPolicy & { readonly text: string }>();

  const keysOf = (protoService: string): readonly string[] => [
    policyKey({ protoService, service: undefined }),
    ...(service === undefined ? [] : [policyKey({ protoService, service })]),
  ];

  /** Whether what holds is another. */
  const takeOne = (key: string, text: string, desc: DescService): boolean => {
    if (accepted.get(key)?.text === text) {
      refused.delete(key);
      return false;
    }
    if (refused.get(key)?.text === text) return false;
    try {
      const policy = checkStored(text, key, desc);
      accepted.set(key, { text, policy });
      refused.delete(key);
      logger?.info({ key }, "a policy of the registry is in force");
      return true;
    } catch (error) {
      if (!(error instanceof SamspelError)) throw error;
      refused.set(key, { key, protoService: desc.typeName, reason: error.message, text });
      logger?.warn(
        { key },
        `a policy of the registry is refused, and what was before stays: ${error.message}`,
      );
      return false;
    }
  };

  const policiesOf = (protoService: string): readonly (readonly [string, StoredPolicy])[] =>
    keysOf(protoService).flatMap((key) => {
      const found = accepted.get(key);
      return found === undefined ? [] : [[key, found.policy] as const];
    });

  return {
    take(values, services) {
      let changed = false;
      for (const desc of services) {
        for (const key of keysOf(desc.typeName)) {
          const value = values.get(key);
          if (value !== undefined) {
            changed = takeOne(key, value.text, desc) || changed;
            continue;
          }
          refused.delete(key);
          if (!accepted.delete(key)) continue;
          logger?.info({ key }, "a policy of the registry is unset");
          changed = true;
        }
      }
      return changed;
    },
    saidOfMethod: (protoService, method) =>
      policiesOf(protoService).flatMap(([key, { calls, methods }]): readonly Said[] => {
        const origin = { type: "registry", key } as const;
        const own = methods.get(method);
        return [
          { layer: calls, origin, scope: "service" },
          ...(own === undefined ? [] : [{ layer: own, origin, scope: "method" } as const]),
        ];
      }),
    saidOfInstances: (protoService) =>
      policiesOf(protoService).map(([key, { instances }]) => ({
        layer: instances,
        origin: { type: "registry", key },
        scope: "service",
      })),
    get refused() {
      return [...refused.values()].map(({ key, protoService, reason }) => ({ key, protoService, reason }));
    },
  };
}

/**
 * Reads a value and checks it against a service. A method that the service does not have may be one of another version.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the key, the field, its value and what it must be.
 */
export function checkStored(text: string, key: string, service: DescService): StoredPolicy {
  const policy = parseStored(text, { key, protoService: service.typeName });
  for (const [name, layer] of policy.methods) {
    const method = service.methods.find((each) => each.name === name);
    if (method !== undefined) checkMethod(method, { layer }, { what: `The policy ${key} of ${name}` });
  }
  return policy;
}
