// What a program wrote to a terminal, as a picture: for pages that show it.

const maxColumns = 116;
const continuedAt = 4;
const charWidth = 7.83;
const lineHeight = 19;
const margin = 20;
const barHeight = 36;
const foreground = "#d6dae0";
const colors: Readonly<Record<string, string>> = {
  31: "#f7768e",
  32: "#9ece6a",
  33: "#e0af68",
  34: "#7aa2f7",
  35: "#bb9af7",
  36: "#7dcfff",
};

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

interface Word extends Readonly<Style> {
  readonly text: string;
  readonly column: number;
}

/** An SVG of a dark terminal, with the command and the lines that it wrote, colours included. */
export function drawTerminal(command: string, lines: readonly string[]): string {
  const rows = [`\u001B[32m$\u001B[39m \u001B[1m${command}\u001B[22m`, ...lines].flatMap(rowsOf);
  const width = Math.ceil(maxColumns * charWidth + 2 * margin);
  const height = barHeight + rows.length * lineHeight + margin;
  const texts = rows.flatMap((words, row) =>
    words.map(({ text, column, color, bold, dim }) => {
      const x = (margin + column * charWidth).toFixed(1);
      const y = barHeight + (row + 1) * lineHeight - 5;
      const look = `fill="${color}"${bold ? ' font-weight="bold"' : ""}${dim ? ' opacity="0.6"' : ""}`;
      // The length keeps columns straight in any font.
      return `<text x="${x}" y="${y}" textLength="${(text.length * charWidth).toFixed(1)}" ${look}>${escape(text)}</text>`;
    }),
  );
  const dots = ["#f7768e", "#e0af68", "#9ece6a"].map(
    (color, index) => `<circle cx="${margin + index * 18}" cy="18" r="5.5" fill="${color}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What ${escape(command)} prints">`,
    `<rect width="${width}" height="${height}" rx="10" fill="#1a1b26"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

/** Hides the password in a table, and takes its width out of the other rows, so that the columns stay straight. */
export function hidePassword(lines: readonly string[]): readonly string[] {
  const password = /(?<=:\/\/\w+:)[^@]+(?=@)/;
  const row = lines.findIndex((line) => password.test(line));
  const [found] = password.exec(lines[row] ?? "") ?? [];
  if (found === undefined) return lines;
  const width = found.length - 1;
  const first = lines.lastIndexOf("", row) + 1;
  const last = lines.indexOf("", row);
  return lines.map((line, index) => {
    if (index === row) return line.replace(password, "…");
    return index >= first && index < last ? line.replace(" ".repeat(width + 2), "  ") : line;
  });
}

/** The rows that one line takes, each of words with their look and place; a long line is broken between words. */
function rowsOf(line: string): readonly (readonly Word[])[] {
  const rows: Word[][] = [];
  const style: Style = { color: foreground, bold: false, dim: false };
  let row: Word[] = [];
  let column = 0;
  for (const [index, part] of line.split("\u001B[").entries()) {
    const end = index === 0 ? 0 : part.indexOf("m") + 1;
    if (end > 0) apply(style, part.slice(0, end - 1));
    for (const text of part.slice(end).split(/(\s+)/)) {
      if (column + text.length > maxColumns && text.trim() !== "") {
        rows.push(row);
        row = [];
        column = continuedAt;
      }
      if (text.trim() !== "") row.push({ ...style, text, column });
      column += text.length;
    }
  }
  return [...rows, row];
}

/** Changes the style as the number of a colour sequence says. */
function apply(style: Style, code: string): void {
  if (code === "1") style.bold = true;
  else if (code === "2") style.dim = true;
  else if (code === "22") style.bold = style.dim = false;
  else style.color = colors[code] ?? foreground;
}

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
