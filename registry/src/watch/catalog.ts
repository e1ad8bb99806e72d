// The two things that a watch of a proto service reads: which services have it, and their instances; for each
// datacenter.
import { asRecord, asStrings, type ConsulHttp } from "../consul/index.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import { parseCandidates, type Candidates } from "./candidate.ts";
import { createChangeSignal } from "./change-signal.ts";
import { createPollSlots, type PollSlots } from "./poll-slots.ts";
import { createSource, type Source } from "./source.ts";

/** The names of the services that have a proto service among their tags. */
export type ServiceNames = ReadonlyMap<string, readonly string[]>;

export interface CatalogSources {
  readonly services: Source<ServiceNames>;
  /** One source per name, however often it is asked for. */
  instances(name: string): Source<Candidates>;
}

/** The catalog of a datacenter; of the agent's own for undefined. One for each, however often it is asked for. */
export type Catalogs = (datacenter: string | undefined) => CatalogSources;

export function createCatalogs(http: ConsulHttp, options: ResolvedRegistryOptions): Catalogs {
  const slots = createPollSlots(options.maxPolls);
  const catalogs = new Map<string | undefined, CatalogSources>();
  return (datacenter) => {
    const catalog = catalogs.get(datacenter) ?? createCatalogSources(http, options, slots, datacenter);
    catalogs.set(datacenter, catalog);
    return catalog;
  };
}

function createCatalogSources(
  http: ConsulHttp,
  options: ResolvedRegistryOptions,
  slots: PollSlots,
  datacenter: string | undefined,
): CatalogSources {
  const query: Readonly<Record<string, string>> = datacenter === undefined ? {} : { dc: datacenter };
  const where = datacenter === undefined ? "" : ` in ${datacenter}`;
  const instances = new Map<string, Source<Candidates>>();
  const services = createSource(http, options, {
    what: `watch the catalog${where}`,
    path: "/catalog/services",
    query,
    parse: parseServices,
    isEmpty: (names) => names.size === 0,
    // Consul's own servers are in it.
    neverEmpty: true,
  });
  // What makes an instance come or go shows in one of these three. Answers are short: few checks fail.
  const changes = createChangeSignal(options, [
    services,
    ...["critical", "warning"].map((state) =>
      createSource(http, options, {
        what: `watch ${state} checks${where}`,
        path: `/health/state/${state}`,
        query,
        parse: () => undefined,
      }),
    ),
  ]);
  return {
    services,
    instances(name) {
      const known = instances.get(name);
      if (known !== undefined) return known;
      const what = `watch ${name}${where}`;
      const source = createSource(
        http,
        options,
        {
          what,
          path: `/health/service/${encodeURIComponent(name)}`,
          query,
          parse: tellingOfDiscarded(what, options),
          isEmpty: ({ known }) => known.length === 0,
        },
        { slots, changes },
      );
      instances.set(name, source);
      return source;
    },
  };
}

/** @throws TypeError if the answer is no map. */
function parseServices(body: unknown): ServiceNames {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new TypeError("something else than a map");
  }
  const names = new Map<string, string[]>();
  for (const [name, tags] of Object.entries(asRecord(body))) {
    for (const tag of asStrings(tags)) {
      const having = names.get(tag);
      if (having === undefined) names.set(tag, [name]);
      else having.push(name);
    }
  }
  return names;
}

function tellingOfDiscarded(
  what: string,
  { onEvent }: ResolvedRegistryOptions,
): (body: unknown) => Candidates {
  let told: string | undefined;
  return (body) => {
    const candidates = parseCandidates(body);
    const { discarded } = candidates;
    if (discarded !== undefined && discarded.reason !== told) {
      onEvent({ type: "discarded", what, ...discarded });
    }
    told = discarded?.reason;
    return candidates;
  };
}
