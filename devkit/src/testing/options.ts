// The options of a system, checked once: option, else environment, else default.
import { resolve } from "node:path";
import { serviceNamePattern, serviceNameRule } from "../config/index.ts";
import type { InfraAddresses } from "./ground/index.ts";
import type { ServiceSpec } from "./service-spec.ts";
import { SystemError, type SystemOptions } from "./system.ts";
import { infraNames } from "./wiring/index.ts";

/** The name of the test itself among the members. */
export const testName = "test";

export interface ResolvedSystemOptions {
  readonly services: readonly (readonly [name: string, spec: ServiceSpec])[];
  readonly dir: string;
  readonly infra: Partial<InfraAddresses>;
  readonly registry: "embedded" | "consul";
  readonly identity: "none" | "consul";
  /** What programs inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readyTimeoutMs: number;
  /** Whether what services write is shown as it comes. */
  readonly liveLogs: boolean;
}

const taken: ReadonlySet<string> = new Set([testName, ...infraNames]);

/** @throws SystemError that names the setting, its value and what it must be. */
export function resolveSystemOptions(options: SystemOptions<string>): ResolvedSystemOptions {
  const services = Object.entries(options.services);
  if (services.length === 0)
    throw new SystemError("Cannot start a system without services: name one in `services`");
  for (const [name] of services) {
    if (!serviceNamePattern.test(name))
      throw new SystemError(`Cannot name a service "${name}": it must be ${serviceNameRule}`);
    if (taken.has(name))
      throw new SystemError(`Cannot name a service "${name}" as that is another member of each system`);
  }
  // What the test runner tells the Node that runs the test is not for its services.
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...inherited } = process.env;
  const { databaseUrl, natsUrl } = options;
  return {
    services,
    dir: resolve(options.dir ?? ""),
    infra: {
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(natsUrl === undefined ? {} : { natsUrl }),
    },
    registry: options.registry ?? "embedded",
    identity: options.identity ?? "none",
    env: { ...inherited, ...options.env },
    readyTimeoutMs: options.readyTimeoutMs ?? 60_000,
    liveLogs: resolveLogs(process.env["SAMSPEL_TEST_LOGS"]),
  };
}

function resolveLogs(value = ""): boolean {
  if (value === "" || value === "live") return value === "live";
  throw new SystemError(`SAMSPEL_TEST_LOGS must be live, or not set: current value is "${value}"`);
}
