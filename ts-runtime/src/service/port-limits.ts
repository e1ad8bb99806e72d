// What a port takes on: how many calls at a time, how many connections, and for how long.
import { invalidConfiguration } from "../errors/index.ts";
import type { AdaptiveLimitOptions } from "./limit/index.ts";
import { defaultConnectionOptions, type ConnectionOptions } from "./session-watch.ts";

/** Limits of a port. What is not said has its default. */
export interface PortLimits {
  /**
   * Within which bounds the server finds out how many calls it works on at a time; `false` for no such limit. What is too
   * much is refused with SAMSPEL_OVERLOADED, before its handler. Default: from 2,048 at the start down to 8, up to 16,384.
   */
  readonly concurrency?: Partial<AdaptiveLimitOptions> | false;
  /** How many connections there may be, and how long those may stay that are of no use. */
  readonly connections?: Partial<ConnectionOptions>;
}

export interface ResolvedPortLimits {
  readonly concurrency: AdaptiveLimitOptions | undefined;
  readonly connections: ConnectionOptions;
}

/** To begin with, what one connection can have: what is too much shows within a second. */
const defaultConcurrency: AdaptiveLimitOptions = { initial: 2_048, min: 8, max: 16_384 };

/** @throws SAMSPEL_INVALID_CONFIGURATION that names the limit, its value and what it must be. */
export function resolvePortLimits({ concurrency = {}, connections }: PortLimits = {}): ResolvedPortLimits {
  return { concurrency: resolveConcurrency(concurrency), connections: resolveConnections(connections) };
}

function resolveConcurrency(given: Partial<AdaptiveLimitOptions> | false): AdaptiveLimitOptions | undefined {
  if (given === false) return undefined;
  const { min: least, max: most } = { ...defaultConcurrency, ...given };
  const bounds = {
    initial: Math.min(Math.max(defaultConcurrency.initial, least), most),
    min: Math.min(defaultConcurrency.min, most),
    max: most,
    ...given,
  };
  const { min, initial, max } = bounds;
  if (min >= 1 && min <= initial && initial <= max) return bounds;
  throw invalidConfiguration(
    `limits.concurrency must be 1 <= min <= initial <= max: current values are ${min}, ${initial}, ${max}`,
  );
}

function resolveConnections(given: Partial<ConnectionOptions> = {}): ConnectionOptions {
  const resolved = { ...defaultConnectionOptions, ...given };
  for (const [name, value] of Object.entries(resolved)) {
    if (value > 0) continue;
    throw invalidConfiguration(`limits.connections.${name} must be above 0: current value is ${value}`);
  }
  // Node takes nothing else.
  if (!Number.isSafeInteger(resolved.beginMs)) {
    throw invalidConfiguration(
      `limits.connections.beginMs must be an integer: current value is ${resolved.beginMs}`,
    );
  }
  return resolved;
}
