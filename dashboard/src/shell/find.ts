// Finds commands by some letters of their names.

/** Something to go to, or to do. */
export interface Command {
  readonly id: string;
  readonly group: string;
  readonly text: string;
  readonly run: () => void;
}

const maxFound = 40;

/** How well a text fits: each word must be in it; where words begin counts more, short texts are better. */
function score(text: string, words: readonly string[]): number {
  let sum = 0;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at === -1) return -1;
    const before = text[at - 1];
    sum += at === 0 ? 4 : before === " " || before === "." || before === "/" || before === "-" ? 3 : 1;
  }
  return sum - text.length / 200;
}

/** The best 40 for what somebody typed. */
export function findCommands(commands: readonly Command[], typed: string): readonly Command[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return commands.slice(0, maxFound);
  return commands
    .map((command) => ({ command, points: score(`${command.group} ${command.text}`.toLowerCase(), words) }))
    .filter(({ points }) => points >= 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, maxFound)
    .map(({ command }) => command);
}
