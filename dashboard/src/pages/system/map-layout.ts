// Where the services stand on the map.
//
//   M1. Callers stand left of whom they reach; a cycle is cut where it was found first, so one line of it goes back.
//   M2. The same services and lines give the same picture: nothing jumps while only the numbers change.
//   M3. Within a column, services stand near those that they are tied to (barycentres, as Sugiyama's method has them).
//   M4. A line that goes past columns keeps a place free in each of them: it does not run under a service.

/** Who reaches whom. */
export interface MapLink {
  readonly source: string;
  readonly target: string;
}

/** Where a service stands: column from the left, row from the top, and its centre in the picture. */
export interface MapPlace {
  readonly name: string;
  readonly column: number;
  readonly x: number;
  readonly y: number;
}

/** A point that a line goes through. */
export interface MapPoint {
  readonly x: number;
  readonly y: number;
}

/** The picture. */
export interface MapLayout {
  readonly places: ReadonlyMap<string, MapPlace>;
  /** Where a line passes columns, from left to right, by `wayKey`. */
  readonly ways: ReadonlyMap<string, readonly MapPoint[]>;
  readonly width: number;
  readonly height: number;
}

/** The size of a service on the map. */
export const nodeSize = { width: 172, height: 54 } as const;

const columnGap = 128;
const rowGap = 26;
const margin = 14;
const passHeight = 8;
const maxRows = 8;
const maxWithPasses = 16;
const sweeps = 4;

/** M1: the longest way from a beginning, with cycles cut. */
function columnsOf(names: readonly string[], links: readonly MapLink[]): Map<string, number> {
  const next = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { source, target } of links) if (source !== target) next.get(source)?.push(target);
  const done = new Set<string>();
  const onWay = new Set<string>();
  const kept = new Map<string, string[]>(names.map((name) => [name, []]));
  const order: string[] = [];
  const visit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    onWay.add(name);
    for (const target of next.get(name) ?? []) {
      if (onWay.has(target)) continue;
      kept.get(name)?.push(target);
      visit(target);
    }
    onWay.delete(name);
    order.unshift(name);
  };
  const reached = new Set(links.map(({ target }) => target));
  for (const name of names) if (!reached.has(name)) visit(name);
  for (const name of names) visit(name);
  const columns = new Map<string, number>(names.map((name) => [name, 0]));
  for (const name of order) {
    for (const target of kept.get(name) ?? []) {
      columns.set(target, Math.max(columns.get(target) ?? 0, (columns.get(name) ?? 0) + 1));
    }
  }
  return columns;
}

/** Columns that are too high go on beside themselves. */
function spread(columns: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return columns.flatMap((column) => {
    const parts = Math.ceil(column.length / maxRows);
    const size = Math.ceil(column.length / Math.max(1, parts));
    return Array.from({ length: parts }, (_, index) => column.slice(index * size, (index + 1) * size));
  });
}

/** M3: orders each column by the mean place of its neighbours, from the left, then from the right. */
function untangle(columns: string[][], links: readonly MapLink[]): void {
  const neighbours = new Map<string, string[]>();
  for (const { source, target } of links) {
    neighbours.set(source, [...(neighbours.get(source) ?? []), target]);
    neighbours.set(target, [...(neighbours.get(target) ?? []), source]);
  }
  const places = new Map<string, number>();
  const place = (column: readonly string[]): void => {
    for (const [index, name] of column.entries()) places.set(name, (index + 0.5) / column.length);
  };
  for (const column of columns) place(column);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      const wish = (name: string): number => {
        const around = neighbours.get(name) ?? [];
        if (around.length === 0) return places.get(name) ?? 0;
        return around.reduce((sum, other) => sum + (places.get(other) ?? 0.5), 0) / around.length;
      };
      const wishes = new Map(column.map((name) => [name, wish(name)]));
      column.sort((a, b) => (wishes.get(a) ?? 0) - (wishes.get(b) ?? 0) || a.localeCompare(b));
      place(column);
    }
  }
}

/** Names the way between two services. */
export function wayKey({ source, target }: MapLink): string {
  return `${source}\n${target}`;
}

/** M4: the links with a stop in each column that they pass, and the columns with these stops. */
function withPasses(
  columns: string[][],
  links: readonly MapLink[],
  columnOf: ReadonlyMap<string, number>,
): { readonly links: readonly MapLink[]; readonly passes: ReadonlyMap<string, readonly string[]> } {
  const passes = new Map<string, readonly string[]>();
  const steps = links.flatMap((link): readonly MapLink[] => {
    const [from, to] = [columnOf.get(link.source) ?? 0, columnOf.get(link.target) ?? 0];
    const key = wayKey(link);
    if (to - from < 2 || passes.has(key)) return [link];
    const stops = Array.from({ length: to - from - 1 }, (_, index) => `${key}\n${from + 1 + index}`);
    for (const [index, stop] of stops.entries()) (columns[from + 1 + index] ??= []).push(stop);
    passes.set(key, stops);
    const way = [link.source, ...stops, link.target];
    return way.slice(1).map((target, index) => ({ source: way[index] ?? "", target }));
  });
  return { links: steps, passes };
}

/** Lays the services out. Links to unknown names are left out. */
export function layoutMap(names: readonly string[], links: readonly MapLink[]): MapLayout {
  const sorted = names.toSorted(); // M2
  const known = new Set(sorted);
  const valid = links
    .filter(({ source, target }) => known.has(source) && known.has(target))
    .toSorted((a, b) => a.source.localeCompare(b.source) || a.target.localeCompare(b.target));
  const columnOf = columnsOf(sorted, valid);
  const columns: string[][] = [];
  for (const name of sorted) (columns[columnOf.get(name) ?? 0] ??= []).push(name);
  // In a crowd, ways around would take more room than they are worth.
  const { links: steps, passes } =
    sorted.length > maxWithPasses
      ? { links: valid, passes: new Map<string, readonly string[]>() }
      : withPasses(columns, valid, columnOf);
  untangle(columns, steps);
  const shown = spread(columns.filter((column) => column !== undefined));
  const sizeOf = (name: string): number => (known.has(name) ? nodeSize.height : passHeight);
  const heightOf = (column: readonly string[]): number =>
    column.reduce((sum, name) => sum + sizeOf(name), 0) + (column.length - 1) * rowGap;
  const height = Math.max(nodeSize.height, ...shown.map(heightOf)) + margin * 2;
  const points = new Map<string, MapPlace>();
  for (const [index, column] of shown.entries()) {
    let top = (height - heightOf(column)) / 2;
    for (const name of column) {
      const x = margin + nodeSize.width / 2 + index * (nodeSize.width + columnGap);
      points.set(name, { name, column: index, x, y: top + sizeOf(name) / 2 });
      top += sizeOf(name) + rowGap;
    }
  }
  const width = margin * 2 + shown.length * nodeSize.width + Math.max(0, shown.length - 1) * columnGap;
  return {
    places: new Map([...points].filter(([name]) => known.has(name))),
    ways: new Map([...passes].map(([key, stops]) => [key, stops.flatMap((stop) => points.get(stop) ?? [])])),
    width,
    height,
  };
}
