// `consul:///orders.v1.OrderService`, with a registry of its own `consul://10.0.0.7:8500/orders.v1.OrderService`, and
// for some instances `consul:///orders.v1.OrderService?version=2&tag=canary&dc=dc2&failover=dc3`.
import type { InstanceQuery } from "../watch/index.ts";

export interface ConsulTarget {
  /** `host:port` of the registry; undefined for the default one. */
  readonly authority: string | undefined;
  readonly protoService: string;
  readonly query: InstanceQuery;
}

/** @throws TypeError if the target names no proto service, or a part of its query has no value. */
export function parseConsulTarget(target: {
  readonly authority?: string;
  readonly path: string;
}): ConsulTarget {
  const [path = "", search = ""] = target.path.split("?", 2);
  const protoService = path.replace(/^\/+/, "");
  if (!/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(protoService)) {
    throw new TypeError(
      `Cannot resolve "${target.path}" as it must be a full proto service name: use consul:///orders.v1.OrderService`,
    );
  }
  return {
    authority: target.authority === "" ? undefined : target.authority,
    protoService,
    query: parseQuery(target.path, search),
  };
}

/** `tag`, `dc` and `failover` are Consul's; every other name is one of the instances' meta. */
function parseQuery(target: string, search: string): InstanceQuery {
  const all = [...new URLSearchParams(search)];
  const empty = all.find(([name, value]) => name === "" || value === "");
  if (empty !== undefined) {
    throw new TypeError(
      `Cannot resolve "${target}" as "${empty[0]}" must have a value: use consul:///orders.v1.OrderService?version=2`,
    );
  }
  const of = (wanted: string): readonly string[] =>
    all.filter(([name]) => name === wanted).map(([, value]) => value);
  const datacenter = of("dc").at(-1);
  const failoverDatacenters = of("failover");
  return {
    tags: of("tag"),
    meta: Object.fromEntries(all.filter(([name]) => !["tag", "dc", "failover"].includes(name))),
    ...(datacenter === undefined ? {} : { datacenter }),
    ...(failoverDatacenters.length === 0 ? {} : { failoverDatacenters }),
  };
}
