// The pages of the documentation, read for what tests hold them to: code blocks with their markers, links, anchors.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const root: string = join(import.meta.dirname, "../..");

/** What the comment before a block promises: `<!-- file: a/b.ts -->`, `<!-- run -->`. */
interface Marker {
  readonly kind: string;
  readonly value: string;
}

/** A fenced block of code. */
export interface Block {
  readonly language: string;
  readonly marker: Marker | undefined;
  readonly lines: readonly string[];
  /** For messages: the page and the line of the fence. */
  readonly at: string;
}

export interface Page {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly blocks: readonly Block[];
  readonly links: readonly string[];
  /** What `#…` may name. */
  readonly anchors: ReadonlySet<string>;
}

/** All pages: those of the root, of `docs/`, and the readme of each part. */
export function readPages(): readonly Page[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.md"], {
    cwd: root,
    encoding: "utf8",
  });
  return listed
    .split("\n")
    .filter((path) => path !== "")
    .sort()
    .map((path) => parsePage(path, readFileSync(join(root, path), "utf8")));
}

const fence = /^\s*```(.*)$/;
const comment = /^\s*<!--\s*([a-z ]+?)\s*(?::\s*(.*?)\s*)?-->$/;

export function parsePage(path: string, text: string): Page {
  const blocks: Block[] = [];
  const prose: string[] = [];
  let open: { language: string; marker: Marker | undefined; lines: string[]; at: string } | undefined;
  let before = "";
  for (const [index, line] of text.split("\n").entries()) {
    const found = fence.exec(line);
    if (open !== undefined) {
      if (found === null) open.lines.push(line);
      else {
        blocks.push(open);
        open = undefined;
      }
    } else if (found === null) prose.push(line);
    else open = { language: found[1] ?? "", marker: markerOf(before), lines: [], at: `${path}:${index + 1}` };
    before = line;
  }
  if (open !== undefined) throw new Error(`${open.at}: the block has no end`);
  const plain = prose.join("\n").replaceAll(/`[^`\n]*`/g, "");
  return {
    path,
    blocks,
    links: [...plain.matchAll(/\]\(([^)\s]+)\)|(?:src|href|srcset)="([^"]+)"/g)].map(
      (link) => link[1] ?? link[2] ?? "",
    ),
    anchors: anchorsOf(prose),
  };
}

function markerOf(line: string): Marker | undefined {
  const [, kind, value = ""] = comment.exec(line) ?? [];
  return kind === undefined ? undefined : { kind, value };
}

/** As GitHub makes them from headings, the second of a name with `-1`; and those that a page sets itself. */
function anchorsOf(prose: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of prose) {
    for (const [, id = ""] of line.matchAll(/<a id="([^"]+)">/g)) anchors.add(id);
    const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const slug = heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(/\s/g, "-");
    let name = slug;
    for (let count = 1; anchors.has(name); count++) name = `${slug}-${count}`;
    anchors.add(name);
  }
  return anchors;
}

/** The commands of a shell block: its lines without comments, a trailing `\` joins two. */
export function commandsOf(block: Block): readonly string[] {
  return block.lines
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.replace(/\s+#\s.*$/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}
