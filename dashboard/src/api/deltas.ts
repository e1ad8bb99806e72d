// The system, from what changed of it.
//
//   D1. What did not change is the same object as before, so that nothing is drawn anew for it.
import type { Edge, WatchSystemResponse } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";

function keyOf({ source, target, kind, subject }: Edge): string {
  return `${source}>${target}>${kind}>${subject}`;
}

/** The system after an answer; the answer itself where it is whole. */
export function applyDelta(
  before: WatchSystemResponse | undefined,
  answer: WatchSystemResponse,
): WatchSystemResponse {
  if (!answer.delta || before === undefined) return answer;
  return {
    ...answer,
    services: servicesAfter(before, answer),
    edges: edgesAfter(before.edges, answer.edges),
  };
}

function servicesAfter(
  before: WatchSystemResponse,
  answer: WatchSystemResponse,
): WatchSystemResponse["services"] {
  if (answer.services.length === 0 && answer.goneServices.length === 0) return before.services;
  const gone = new Set(answer.goneServices);
  const changed = new Map(answer.services.map((service) => [service.name, service]));
  const kept = before.services
    .filter(({ name }) => !gone.has(name))
    .map((service) => changed.get(service.name) ?? service); // D1
  const known = new Set(kept.map(({ name }) => name));
  const added = answer.services.filter(({ name }) => !known.has(name));
  if (added.length === 0) return kept;
  return [...kept, ...added].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function edgesAfter(before: Edge[], changes: readonly Edge[]): Edge[] {
  if (changes.length === 0) return before;
  const edges = new Map(before.map((edge) => [keyOf(edge), edge]));
  for (const edge of changes) {
    // A count of 0 says that it is gone.
    if ((edge.traffic?.count ?? 0n) === 0n) edges.delete(keyOf(edge));
    else edges.set(keyOf(edge), edge);
  }
  return [...edges.values()];
}
