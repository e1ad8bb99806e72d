// A plain table: columns as wide as their widest cell, cells of several lines, no frame. Where it is too wide, its last
// columns become one, below each other.

const gap = "  ";

/** One row: its cells, each of one or more lines. */
export type Row = readonly (string | readonly string[])[];

export interface TableOptions {
  /** Colours the heading, when its widths are known. */
  readonly colorHeading: (text: string) => string;
  /** Two columns stay two, however wide. */
  readonly maxWidth: number;
}

/** The table's lines. */
export function formatTable(
  heading: readonly string[],
  rows: readonly Row[],
  { colorHeading, maxWidth }: TableOptions,
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? [cell] : cell)));
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.flatMap((row) => row[column]?.map(({ length }) => length) ?? [])),
  );
  const width = widths.reduce((sum, column) => sum + column + gap.length, -gap.length);
  if (width > maxWidth && heading.length > 2) {
    return formatTable(
      [...heading.slice(0, -2), heading.slice(-2).join(", ")],
      cells.map((row) => [...row.slice(0, -2), row.slice(-2).flat()]),
      { colorHeading, maxWidth },
    );
  }
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join(gap)
      .trimEnd();
  const lines = cells.flatMap((row) => {
    const height = Math.max(...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, index) => line(row.map((cell) => cell[index] ?? "")));
  });
  return [colorHeading(line(heading)), ...lines];
}
