// A plain table: columns as wide as their widest cell, cells of several lines, no frame.

/** One row: its cells, each of one or more lines. */
export type Row = readonly (string | readonly string[])[];

/** The table's lines. The heading is given through `heading` (to colour it) after its widths are known. */
export function formatTable(
  heading: readonly string[],
  rows: readonly Row[],
  colorHeading: (text: string) => string,
): readonly string[] {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === "string" ? [cell] : cell)));
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.flatMap((row) => row[column]?.map(({ length }) => length) ?? [])),
  );
  const line = (texts: readonly string[]): string =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  const lines = cells.flatMap((row) => {
    const height = Math.max(...row.map((cell) => cell.length));
    return Array.from({ length: height }, (_, index) => line(row.map((cell) => cell[index] ?? "")));
  });
  return [colorHeading(line(heading)), ...lines];
}
