import t from "tap";
import { readLine } from "./log-line.ts";
import { anyLine, createLogStore } from "./log-store.ts";

t.test("readLine() reads the logs of every language", async (t) => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const cases = [
    {
      text: `{"level":30,"time":1767225600000,"pid":1,"msg":"ready","port":1,"trace_id":"${trace}"}`,
      line: { timeMs: 1767225600000, level: "info", message: "ready", fields: '{"port":1}', traceId: trace },
    },
    {
      text: `{"level":"WARNING","timestamp":"2026-01-01T00:00:00Z","message":"slow","traceId":"${trace.toUpperCase()}"}`,
      line: { timeMs: 1767225600000, level: "warn", message: "slow", fields: "", traceId: trace },
    },
    {
      text: '{"severity":"SEVERE","ts":1767225600.5,"msg":{"a":1}}',
      line: { timeMs: 1767225600500, level: "error", message: '{"a":1}', fields: "", traceId: "" },
    },
    {
      text: '{"level":"CRITICAL","msg":"out"}',
      line: { timeMs: 7, level: "fatal", message: "out", fields: "", traceId: "" },
    },
    {
      text: "\u001b[31mplain\u001b[0m text",
      line: { timeMs: 7, level: "", message: "plain text", fields: "", traceId: "" },
    },
    {
      text: '{"no":"level"}',
      line: { timeMs: 7, level: "", message: '{"no":"level"}', fields: "", traceId: "" },
    },
    { text: "{broken", line: { timeMs: 7, level: "", message: "{broken", fields: "", traceId: "" } },
    { text: "[1]", line: { timeMs: 7, level: "", message: "[1]", fields: "", traceId: "" } },
  ];
  for (const { text, line } of cases) t.same(readLine(text, 7), line, text);
  t.equal(readLine("x".repeat(1_000_000), 7).message.length, 16 * 1024, "a huge line is cut");
});

t.test("a log store keeps the latest lines of each service, and finds them", async (t) => {
  const store = createLogStore();
  store.add("quiet", readLine('{"level":50,"msg":"Failed once","trace_id":"ab"}', 1));
  for (let index = 0; index < 10_000; index++) store.add("loud", readLine(`line ${index}`, 1));
  t.equal(store.latest, 10_001);
  const all = store.find(anyLine, { after: 0, last: 100_000 });
  t.ok(all.length <= 2_501 && all.length >= 2_001, "bounded");
  t.match(all[0], { service: "quiet", number: 1 }, "a loud service does not push out a quiet one");
  const found = store.find({ ...anyLine, text: "failed ONCE" }, { after: 0, last: 10 });
  t.match(found, [{ service: "quiet", level: "error" }]);
  t.equal(store.find({ ...anyLine, traceId: "AB" }, { after: 0, last: 10 }).length, 1);
  t.equal(store.find({ ...anyLine, level: "warn" }, { after: 0, last: 10 }).length, 1);
  t.equal(store.find({ ...anyLine, level: "info", service: "loud" }, { after: 0, last: 10 }).length, 10);
  t.same(
    store.find(anyLine, { after: 9_999, last: 10 }).map(({ number }) => number),
    [10_000, 10_001],
  );
});
