// Makes docs/images/start.svg: the screen of a real `npm start`, up to where everything is ready, on a dark terminal.
// The database's password becomes `…`.
//
//   node scripts/terminal-picture.mjs
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const command = "npm start";
const lastLine = "Ctrl-C stops everything";

const maxColumns = 116;
const continuedAt = 4;
const charWidth = 7.83;
const lineHeight = 19;
const margin = 20;
const barHeight = 36;
const foreground = "#d6dae0";
const colors = { 31: "#f7768e", 32: "#9ece6a", 33: "#e0af68", 34: "#7aa2f7", 35: "#bb9af7", 36: "#7dcfff" };

/** The lines of the run, with colours. */
async function record() {
  const child = spawn("npm", ["start", "--silent"], {
    cwd: root,
    env: { ...process.env, FORCE_COLOR: "1" },
    stdio: ["ignore", "pipe", "inherit"],
    // npm does not pass SIGINT on, so its whole group gets it, as from a terminal.
    detached: true,
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const lines = [];
  let ready = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (ready) continue;
    lines.push(line);
    ready = line.includes(lastLine);
    if (ready && child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  }
  await ended;
  if (!ready) throw new Error(`${command} did not get ready:\n${lines.join("\n")}`);
  return hidePassword(lines);
}

/** Hides the password in the table, and takes its width out of the other rows, so that the columns stay straight. */
function hidePassword(lines) {
  const password = /(?<=:\/\/\w+:)[^@]+(?=@)/;
  const row = lines.findIndex((line) => password.test(line));
  if (row === -1) return lines;
  const width = password.exec(lines[row])[0].length - 1;
  const first = lines.lastIndexOf("", row) + 1;
  const last = lines.indexOf("", row);
  return lines.map((line, index) => {
    if (index === row) return line.replace(password, "…");
    return index >= first && index < last ? line.replace(" ".repeat(width + 2), "  ") : line;
  });
}

/** The rows that one line takes, each of words with their look and place; a long line is broken between words. */
function rowsOf(line) {
  const rows = [];
  const style = { color: foreground, bold: false, dim: false };
  let row = [];
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
function apply(style, code) {
  if (code === "1") style.bold = true;
  else if (code === "2") style.dim = true;
  else if (code === "22") style.bold = style.dim = false;
  else style.color = colors[code] ?? foreground;
}

const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function draw(lines) {
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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="What ${command} prints">`,
    `<rect width="${width}" height="${height}" rx="10" fill="#1a1b26"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13" xml:space="preserve">`,
    ...texts,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

mkdirSync(`${root}docs/images`, { recursive: true });
writeFileSync(`${root}docs/images/start.svg`, draw(await record()));
