// Which instances of a proto service a watch is about.
import type { Instance } from "../instance.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { Candidate } from "./candidate.ts";

/** Narrows a watch to some of a proto service's instances, or moves it to another datacenter. */
export interface InstanceQuery {
  /** Only instances of this version: short for `meta: { version }`. */
  readonly version?: string;
  /** Only instances whose meta has all these pairs. */
  readonly meta?: Readonly<Record<string, string>>;
  /** Only instances with all these tags, such as `canary`. */
  readonly tags?: readonly string[];
  /** Where to look. Default: the registry's `datacenter`, else the agent's own. */
  readonly datacenter?: string;
  /** Where to look, in this order, while that one has none. Default: the registry's `failoverDatacenters`. */
  readonly failoverDatacenters?: readonly string[];
  /** Whether instances count of which a check warns, with their weight for that. Default false. */
  readonly includeWarning?: boolean;
}

export interface ResolvedQuery {
  readonly protoService: string;
  /** The same for queries that mean the same. */
  readonly key: string;
  /** The first is the own one; undefined is the agent's. */
  readonly datacenter: string | undefined;
  readonly failoverDatacenters: readonly string[];
  /** The live ones that are asked for, by id. */
  select(known: readonly Candidate[]): readonly Instance[];
  /** Whether it is certain that none is live that is asked for, and no fault of the registry (R5). */
  isCertain(known: readonly Candidate[]): boolean;
}

export function resolveQuery(
  protoService: string,
  query: InstanceQuery,
  options: Pick<ResolvedRegistryOptions, "datacenter" | "failoverDatacenters">,
): ResolvedQuery {
  const { version, tags = [], includeWarning = false } = query;
  const meta = Object.entries({ ...query.meta, ...(version === undefined ? {} : { version }) }).sort(
    ([left], [right]) => (left < right ? -1 : 1),
  );
  const datacenter = query.datacenter ?? options.datacenter;
  const failoverDatacenters = (query.failoverDatacenters ?? options.failoverDatacenters).filter(
    (name) => name !== datacenter,
  );
  const isAsked = (instance: Instance): boolean =>
    meta.every(([name, value]) => instance.meta[name] === value) &&
    tags.every((tag) => instance.tags.includes(tag));
  return {
    protoService,
    key: JSON.stringify([
      protoService,
      meta,
      tags.toSorted(),
      datacenter,
      failoverDatacenters,
      includeWarning,
    ]),
    datacenter,
    failoverDatacenters,
    select: (known) =>
      known
        .flatMap((candidate) => liveOf(candidate, includeWarning))
        .filter(isAsked)
        .sort((left, right) => (left.id < right.id ? -1 : 1)),
    isCertain: (known) =>
      known.length > 0 &&
      (known.some((candidate) => liveOf(candidate, includeWarning).length > 0) ||
        known.every(({ health }) => health === "maintenance")),
  };
}

/** The instance as callers see it, if they do. */
function liveOf(
  { instance, health, warningWeight }: Candidate,
  includeWarning: boolean,
): readonly Instance[] {
  if (health === "passing") return [instance];
  if (health !== "warning" || !includeWarning || warningWeight === 0) return [];
  return [warningWeight === instance.weight ? instance : { ...instance, weight: warningWeight }];
}
