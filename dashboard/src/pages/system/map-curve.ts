// The way of a line on the map.
import { nodeSize, type MapPlace, type MapPoint } from "./map-layout.ts";
import type { LineKind } from "./map-model.ts";

/** A path of SVG, and where its label stands. */
export interface Curve extends MapPoint {
  readonly path: string;
}

/** Lines of different kinds between the same two go beside each other. */
const laneOffset: Readonly<Record<LineKind, number>> = { ask: -9, tell: 0, topic: 9 };

// Room for what shows where a line ends.
const endGap = 5;

/** From the right of the one to the left of the other, through `way`; one that goes back swings below. */
export function curve(from: MapPlace, to: MapPlace, kind: LineKind, way: readonly MapPoint[]): Curve {
  return to.column > from.column ? forward(from, to, kind, way) : back(from, to, kind);
}

function forward(from: MapPlace, to: MapPlace, kind: LineKind, way: readonly MapPoint[]): Curve {
  const shift = laneOffset[kind];
  const half = nodeSize.width / 2;
  const stops = way.flatMap(({ x, y }) => [
    { x: x - half, y: y + shift / 3 },
    { x: x + half, y: y + shift / 3 },
  ]);
  const points = [
    { x: from.x + half, y: from.y + shift },
    ...stops,
    { x: to.x - half - endGap, y: to.y + shift },
  ];
  let path = `M${points[0]?.x} ${points[0]?.y}`;
  for (const [index, end] of points.entries()) {
    const start = points[index - 1];
    if (start === undefined) continue;
    // Between the two ends of a stop the line is straight.
    if (start.y === end.y) path += `L${end.x} ${end.y}`;
    else {
      const bend = Math.max(46, (end.x - start.x) * 0.45);
      path += `C${start.x + bend} ${start.y} ${end.x - bend} ${end.y} ${end.x} ${end.y}`;
    }
  }
  const start = points.at(-2) ?? from;
  const end = points.at(-1) ?? to;
  // Near the target, where lines of one source have parted.
  const at = 0.7;
  return {
    path,
    x: start.x + (end.x - start.x) * at,
    // Messages of topics go below calls, and so do their labels.
    y: start.y + (end.y - start.y) * (at * at * (3 - 2 * at)) + (kind === "topic" ? 14 : -6),
  };
}

function back(from: MapPlace, to: MapPlace, kind: LineKind): Curve {
  const shift = laneOffset[kind];
  const edge = nodeSize.height / 2;
  const [x1, x2] = [from.x + shift, to.x + shift + 12];
  const low = Math.max(from.y, to.y) + edge + 30;
  return {
    path: `M${x1} ${from.y + edge}C${x1} ${low} ${x2} ${low} ${x2} ${to.y + edge + endGap}`,
    x: (x1 + x2) / 2,
    y: low - 9,
  };
}
