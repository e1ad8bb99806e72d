import picocolors from "picocolors";
import t from "tap";
import { formatLogLine } from "./log-lines.ts";
import { formatTable } from "./table.ts";
import { createReporter } from "./terminal-reporter.ts";

const clearLine = "\r\u001B[2K";
const colors = picocolors.createColors(false);
const shown = (entry: unknown): string => formatLogLine(JSON.stringify(entry), colors);

t.test("formatLogLine() makes a line of each service's log readable", (t) => {
  // Without a zone, a time is local: the test holds in every zone.
  const time = "2026-01-02T03:04:05.006";
  t.equal(
    shown({ level: 30, time, service: "cart", pid: 7, msg: "checked out", cartId: "a", items: { tea: 2 } }),
    '03:04:05.006 INFO  checked out cartId=a items={"tea":2}',
  );
  t.equal(
    shown({ level: "WARNING", time, message: "slow", note: "two words" }),
    '03:04:05.006 WARNING slow note="two words"',
  );
  t.equal(
    shown({
      level: 50,
      time,
      msg: "failed",
      err: { type: "Error", message: "no luck", stack: "Error: no luck\n at x" },
    }),
    '03:04:05.006 ERROR failed err="no luck"\n    Error: no luck\n     at x',
  );
  t.equal(shown({ level: 30, msg: "no time" }), "INFO  no time");
  t.end();
});

t.test("formatLogLine() passes other lines as they are", (t) => {
  for (const text of ["plain", '{"a": 1}', "{not json", "[1]", ""])
    t.equal(formatLogLine(text, colors), text);
  t.end();
});

t.test("formatTable() aligns columns and gives a cell as many lines as it has", (t) => {
  const rows = [
    ["cart", ["cart.v1.CartService", "x.v1.X"], "1"],
    ["a", [], "22"],
  ];
  const colorHeading = (text: string): string => text.toUpperCase();
  t.strictSame(formatTable(["service", "serves", "port"], rows, { colorHeading, maxWidth: 80 }), [
    "SERVICE  SERVES               PORT",
    "cart     cart.v1.CartService  1",
    "         x.v1.X",
    "a                             22",
  ]);
  t.strictSame(
    formatTable(["service", "serves", "port"], rows, { colorHeading, maxWidth: 33 }),
    ["SERVICE  SERVES, PORT", "cart     cart.v1.CartService", "         x.v1.X", "         1", "a        22"],
    "the last columns are one where it would be too wide",
  );
  t.end();
});

t.test("createReporter() colours nothing and rewrites no line without a terminal", (t) => {
  let text = "";
  const reporter = createReporter({ output: { write: (more: string) => (text += more) }, services: "shown" });
  const step = reporter.step("cart");
  step.progress("starting");
  step.done("ready");
  reporter.event({
    type: "output",
    service: "cart",
    line: { stream: "stdout", text: '{"level":30,"msg":"hi"}' },
  });
  reporter.event({
    type: "crashed",
    name: "cart",
    exit: { type: "killed", signal: "SIGKILL" },
    lastLines: [],
    restartInMs: 500,
  });
  reporter.error('it exited\n  │ {"level":60,"msg":"no port"}\n  │ plain');
  reporter.close();
  t.match(
    text,
    /^✔ cart ready \(0\.\d\d s\)\ncart │ INFO {2}hi\n✘ cart was killed by SIGKILL; it starts again in 0\.5 s\n✘ it exited\n {2}│ FATAL no port\n {2}│ plain\n$/,
  );
  t.end();
});

t.test("createReporter() says what a changed samspel.json means", (t) => {
  const written: string[] = [];
  const reporter = createReporter({ output: { isTTY: false, write: (text) => written.push(text) }, colors });
  const change = { type: "project-changed", added: [], changed: [], removed: [], pending: [] } as const;
  reporter.event({ ...change, added: ["mail", "print"], changed: ["cart"], removed: ["old"] });
  reporter.event({ type: "reloaded", name: "mail", tookMs: 500 });
  reporter.event({ type: "reloaded", name: "mail", tookMs: 500 });
  reporter.event({ ...change, pending: ["name", "gateway"] });
  reporter.close();
  t.same(written.join("").split("\n").slice(0, -1), [
    "↻ samspel.json changed: mail, print start; cart restarts; old stops",
    "✔ mail is ready (0.50 s)",
    "✔ mail is ready again (0.50 s)",
    "↻ samspel.json changed",
    "! name and gateway changed: stop and start again to take that up",
  ]);
  t.end();
});

t.test("createReporter() keeps one live line in a terminal", (t) => {
  let text = "";
  const output = { write: (more: string) => (text += more), isTTY: true, columns: 40 };
  const reporter = createReporter({ output, colors });
  const step = reporter.step("NATS");
  step.progress("building with Go, which takes a while the first time");
  const live = text.slice(text.lastIndexOf("\r"));
  t.ok(live.startsWith(`${clearLine}… NATS building with Go`));
  t.ok(live.length <= 40 + clearLine.length, "it fits the width");
  step.done("built");
  t.ok(text.slice(text.lastIndexOf("\r")).startsWith(`${clearLine}✔ NATS built`));
  reporter.close();
  t.end();
});
