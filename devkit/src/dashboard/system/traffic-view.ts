// What passed, as it is shown.
import type { InstanceState } from "@samspel/registry";
import type { Traffic, TrafficEdge, TrafficReport } from "../../collector/index.ts";

/**
 * Edges by what tells them apart. A callee that sends no spans is unknown to the collector: where one service alone has
 * the proto service, it is that one.
 */
export function viewEdges(
  { edges }: TrafficReport,
  instances: readonly InstanceState[],
): ReadonlyMap<string, TrafficEdge> {
  const servers = new Map<string, Set<string>>();
  for (const { service, protoServices } of instances) {
    for (const name of protoServices) {
      const known = servers.get(name);
      if (known === undefined) servers.set(name, new Set([service]));
      else known.add(service);
    }
  }
  const shown = new Map<string, TrafficEdge>();
  for (const edge of edges) {
    const { source, kind, subject } = edge;
    const [only, another] = servers.get(subject) ?? [];
    const isKnown = edge.target !== "" || kind === "topic" || another !== undefined;
    const target = isKnown ? edge.target : (only ?? "");
    const key = [source, target, kind, subject].join("\n");
    const before = shown.get(key);
    const traffic = rounded(before === undefined ? edge.traffic : sum(before.traffic, edge.traffic));
    shown.set(key, { source, target, kind, subject, traffic });
  }
  return shown;
}

/** Two digits of a time say enough, and change less often. */
export function rounded({ count, errors, p50Ms, p99Ms }: Traffic): Traffic {
  return { count, errors, p50Ms: Number(p50Ms.toPrecision(2)), p99Ms: Number(p99Ms.toPrecision(2)) };
}

/** Of one edge that was seen from both ends; its quantiles are those of the slower one. */
function sum(a: Traffic, b: Traffic): Traffic {
  return {
    count: a.count + b.count,
    errors: a.errors + b.errors,
    p50Ms: Math.max(a.p50Ms, b.p50Ms),
    p99Ms: Math.max(a.p99Ms, b.p99Ms),
  };
}
