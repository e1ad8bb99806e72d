// The two things that a watch of a proto service reads: which services have it, and their passing instances.
import {
  asArray,
  asNumber,
  asRecord,
  asString,
  asStringMap,
  asStrings,
  type ConsulHttp,
} from "../consul/index.ts";
import { grpcTag, type Instance } from "../instance.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import { createSource, type Source } from "./source.ts";

/** Every service's name with the tags of all its instances. */
export type ServiceTags = ReadonlyMap<string, readonly string[]>;

export interface CatalogSources {
  readonly services: Source<ServiceTags>;
  /** One source per name, however often it is asked for. */
  passing(name: string): Source<readonly Instance[]>;
}

export function createCatalogSources(http: ConsulHttp, options: ResolvedRegistryOptions): CatalogSources {
  const passing = new Map<string, Source<readonly Instance[]>>();
  return {
    services: createSource(http, options, {
      what: "watch the catalog",
      path: "/catalog/services",
      parse: (body) =>
        new Map(Object.entries(asRecord(body)).map(([name, tags]) => [name, asStrings(tags)] as const)),
    }),
    passing(name) {
      const known = passing.get(name);
      if (known !== undefined) return known;
      const source = createSource(http, options, {
        what: `watch ${name}`,
        path: `/health/service/${encodeURIComponent(name)}`,
        query: { passing: "1" },
        parse: (body) => asArray(body).map(parseInstance),
      });
      passing.set(name, source);
      return source;
    },
  };
}

/** An instance of an answer of `/v1/health/service/…`. */
export function parseInstance(entry: unknown): Instance {
  const service = asRecord(asRecord(entry)["Service"]);
  const node = asRecord(asRecord(entry)["Node"]);
  const tags = asStrings(service["Tags"]);
  return {
    id: asString(service["ID"]),
    service: asString(service["Service"]),
    // An instance registered without an address is reached where its node is.
    address: asString(service["Address"]) || asString(node["Address"]),
    port: asNumber(service["Port"]),
    protoServices: tags.filter((tag) => tag !== grpcTag && tag.includes(".")),
    meta: asStringMap(service["Meta"]),
    tags,
  };
}
