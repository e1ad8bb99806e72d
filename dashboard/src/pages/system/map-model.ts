// What the map shows of a system: all of a small one; of a large one the busiest services, or what is around one.
import {
  EdgeKind,
  type Edge,
  type Service,
  type Traffic,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { durationMs } from "../../format/index.ts";

/** How services reach each other, in words. */
export type LineKind = "ask" | "tell" | "topic";

/** All that passes from one to another in one way. */
export interface MapLine {
  readonly id: string;
  readonly source: string;
  readonly target: string;
  readonly kind: LineKind;
  /** Proto services, or topics. */
  readonly subjects: readonly string[];
  readonly count: number;
  readonly errors: number;
  /** The highest of its parts, in ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the map shows. */
export interface MapModel {
  readonly names: readonly string[];
  readonly lines: readonly MapLine[];
  /** How many services are left out. */
  readonly hidden: number;
}

/** More would be no picture. */
const maxOnMap = 36;

/** Whose calls have no name. */
export const unknownCaller = "outside";

/** Of a kind that a newer server sent, a call. */
function kindOf(kind: Edge["kind"]): LineKind {
  if (kind === EdgeKind.TELL) return "tell";
  return kind === EdgeKind.TOPIC ? "topic" : "ask";
}

/**
 * Edges between the same two in the same way become one line. A callee that sends no spans has no name in them: it is
 * known by what it serves, where nobody else serves that.
 */
export function linesOf(edges: readonly Edge[], services: readonly Service[]): readonly MapLine[] {
  const servers = serversOf(services);
  const lines = new Map<string, MapLine>();
  for (const edge of edges) {
    const target = edge.target === "" ? servers.get(edge.subject) : edge.target;
    if (target === undefined) continue;
    const kind = kindOf(edge.kind);
    const source = edge.source === "" ? unknownCaller : edge.source;
    const id = `${source}>${target}>${kind}`;
    lines.set(id, added(lines.get(id), { id, source, target, kind }, edge.subject, edge.traffic));
  }
  return [...lines.values()];
}

/** Who serves a proto service, where there is only one. */
function serversOf(services: readonly Service[]): ReadonlyMap<string, string | undefined> {
  const servers = new Map<string, string | undefined>();
  for (const { name, protoServices } of services) {
    for (const full of protoServices) servers.set(full, servers.has(full) ? undefined : name);
  }
  return servers;
}

function added(
  old: MapLine | undefined,
  ends: Pick<MapLine, "id" | "source" | "target" | "kind">,
  subject: string,
  traffic: Traffic | undefined,
): MapLine {
  return {
    ...ends,
    subjects: [...(old?.subjects ?? []), subject],
    count: (old?.count ?? 0) + Number(traffic?.count ?? 0n),
    errors: (old?.errors ?? 0) + Number(traffic?.errors ?? 0n),
    p50Ms: Math.max(old?.p50Ms ?? 0, durationMs(traffic?.p50)),
    p99Ms: Math.max(old?.p99Ms ?? 0, durationMs(traffic?.p99)),
  };
}

/** Chooses what is shown; with `focus`, that service and whom it is tied to. */
export function mapModel(
  services: readonly Service[],
  edges: readonly Edge[],
  focus: string | undefined,
): MapModel {
  const all = linesOf(edges, services);
  const names = new Set(services.map(({ name }) => name));
  const ends = new Set(all.flatMap(({ source, target }) => [source, target]));
  const everyone = [...names, ...[...ends].filter((name) => !names.has(name))];
  if (everyone.length <= maxOnMap) return { names: everyone, lines: all, hidden: 0 };
  const near = ({ source, target }: MapLine): boolean =>
    focus === undefined || source === focus || target === focus;
  // By lines, the busiest first: a service without a line would tell nothing here.
  const chosen = new Set(focus === undefined ? [] : [focus]);
  for (const line of all.filter(near).sort((a, b) => b.count - a.count || a.id.localeCompare(b.id))) {
    const more = [line.source, line.target].filter((name) => !chosen.has(name));
    if (chosen.size + more.length <= maxOnMap) for (const name of more) chosen.add(name);
  }
  return {
    names: [...chosen],
    lines: all.filter(({ source, target }) => chosen.has(source) && chosen.has(target)),
    hidden: everyone.length - chosen.size,
  };
}
