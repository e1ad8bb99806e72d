// What a compiler, a generator or a program that died says: where, and what in a line. Each tool has a form of its own.

/** What was found in some output; each may be missing. */
export interface Failure {
  /** `cart/cart.ts:12:3`, as the tool wrote it, without a URL's scheme. */
  readonly place: string | undefined;
  readonly message: string | undefined;
}

interface Form {
  readonly pattern: RegExp;
  /** Python tells the outermost frame first, and the place itself last. */
  readonly last?: boolean;
}

const path = String.raw`((?:[A-Za-z]:)?[^\s:()"'\[\]]+\.\w+)`;

/** Places, the surest first. Groups: file, line, column, message. */
const forms: readonly Form[] = [
  // javac by Maven: [ERROR] /x/Main.java:[12,3] cannot find symbol
  { pattern: new RegExp(String.raw`^\[ERROR\]\s+${path}:\[(\d+),(\d+)\]\s*(.*)$`) },
  // Go, buf, gcc, tsc: cart/cart.go:12:3: undefined: x
  { pattern: new RegExp(String.raw`^\s*${path}:(\d+):(\d+):\s*(\S.*)$`) },
  // tsc: cart.ts(12,3): error TS2304: …
  { pattern: new RegExp(String.raw`^\s*${path}\((\d+),(\d+)\):\s*(\S.*)$`) },
  // rustc:  --> src/main.rs:12:3
  { pattern: new RegExp(String.raw`^\s*-->\s+${path}:(\d+):(\d+)()$`) },
  // Python:   File "cart.py", line 12, in x
  { pattern: /^\s*File "([^"<]+)", line (\d+)()()/, last: true },
  // Node, above the line at fault: file:///x/cart.ts:12
  { pattern: new RegExp(String.raw`^(?:file://)?(\/\S+\.\w+):(\d+)()()$`) },
  // Node, in a stack: at x (file:///x/cart.ts:12:3)
  { pattern: /^\s+at .*?\(?(?:file:\/\/)?((?:\/|[A-Z]:\\)[^\s():]+):(\d+):(\d+)\)?()$/ },
];

const saying: readonly RegExp[] = [
  /^error(?:\[\w+\])?: (.+)$/,
  /^(?:Uncaught )?((?:[\w.]*(?:Error|Exception|Panic|Interrupt|Exit)|panic)\b.*: .+)$/,
  /^((?:[\w.]*(?:Error|Exception)))$/,
];

/** Reads lines without terminal codes. */
export function whereFailed(lines: readonly string[]): Failure {
  const own = lines.filter((line) => !/node:internal|node_modules|site-packages|lib\/python\d/.test(line));
  for (const { pattern, last } of forms) {
    const found = own.map((line) => pattern.exec(line)).filter((match) => match !== null);
    const match = last === true ? found.at(-1) : found[0];
    if (match === undefined) continue;
    const [, file, line, column, text] = match;
    const place = [file, line, column].filter((part) => part !== undefined && part !== "").join(":");
    return { place, message: text === undefined || text === "" ? messageIn(own) : text };
  }
  return { place: undefined, message: messageIn(own) };
}

function messageIn(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const logged = fatalMessage(line);
    if (logged !== undefined) return logged;
  }
  for (const pattern of saying) {
    const found = lines.findLast((line) => pattern.test(line));
    if (found !== undefined) return pattern.exec(found)?.[1];
  }
  return undefined;
}

/** What a service logged when it could not start. */
function fatalMessage(line: string): string | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== "object" || entry === null || !("level" in entry)) return undefined;
    if (!isFatal(entry.level)) return undefined;
    const message = "msg" in entry ? entry.msg : "message" in entry ? entry.message : undefined;
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

const isFatal = (level: unknown): boolean =>
  typeof level === "number" ? level >= 50 : /^(error|fatal|critical)$/i.test(String(level));
