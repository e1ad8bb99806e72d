// What the map shows of a system: all of a small one; of a large one the busiest services, or what is around one.
import {
  EdgeKind,
  type Edge,
  type Service,
  type Traffic,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { durationMs } from "../../ui/index.ts";

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
export const maxOnMap = 36;

/** Whose calls have no name. */
export const unknownCaller = "outside";

/** Of a kind that a newer server sent, a call. */
export function kindOf(kind: Edge["kind"]): LineKind {
  if (kind === EdgeKind.TELL) return "tell";
  return kind === EdgeKind.TOPIC ? "topic" : "ask";
}

/** Edges between the same two in the same way become one line. */
export function linesOf(edges: readonly Edge[]): readonly MapLine[] {
  const lines = new Map<string, MapLine>();
  for (const edge of edges) {
    const kind = kindOf(edge.kind);
    const source = edge.source === "" ? unknownCaller : edge.source;
    const id = `${source}>${edge.target}>${kind}`;
    lines.set(
      id,
      added(lines.get(id), { id, source, target: edge.target, kind }, edge.subject, edge.traffic),
    );
  }
  return [...lines.values()];
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
  const all = linesOf(edges);
  const names = new Set(services.map(({ name }) => name));
  const ends = new Set(all.flatMap(({ source, target }) => [source, target]));
  const everyone = [...names, ...[...ends].filter((name) => !names.has(name))];
  if (everyone.length <= maxOnMap) return { names: everyone, lines: all, hidden: 0 };
  const weight = new Map<string, number>();
  for (const { source, target, count } of all) {
    const near = focus === undefined || source === focus || target === focus;
    for (const name of [source, target]) weight.set(name, (weight.get(name) ?? 0) + (near ? count + 1 : 0));
  }
  if (focus !== undefined) weight.set(focus, Infinity);
  const chosen = everyone
    .filter((name) => (weight.get(name) ?? 0) > 0)
    .sort((a, b) => (weight.get(b) ?? 0) - (weight.get(a) ?? 0) || a.localeCompare(b))
    .slice(0, maxOnMap);
  const shown = new Set(chosen);
  return {
    names: chosen,
    lines: all.filter(({ source, target }) => shown.has(source) && shown.has(target)),
    hidden: everyone.length - chosen.length,
  };
}
