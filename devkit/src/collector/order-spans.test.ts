import t from "tap";
import { span } from "../../../test/support/spans.ts";
import { orderSpans } from "./order-spans.ts";

const names = (spans: Parameters<typeof orderSpans>[0]): readonly string[] =>
  orderSpans(spans).map(({ name }) => name);

t.test("orderSpans() puts parents before children, and siblings by their beginnings", async (t) => {
  const spans = [
    span({ id: 4, parent: 2, startMs: 40 }),
    span({ id: 3, parent: 1, startMs: 50 }),
    span({ id: 2, parent: 1, startMs: 30 }),
    span({ id: 1, startMs: 20 }),
  ];
  t.same(names(spans), ["span 1", "span 2", "span 4", "span 3"]);
});

t.test("orderSpans() moves what a clock that is behind puts before its cause", async (t) => {
  const spans = [
    span({ id: 1, kind: "CLIENT", startMs: 1_000, durationMs: 100 }),
    span({
      id: 2,
      parent: 1,
      kind: "SERVER",
      service: "billing",
      startMs: 400,
      durationMs: 60,
      events: [{ name: "halfway", timeMs: 430, attributes: {} }],
    }),
    span({ id: 3, parent: 2, service: "billing", startMs: 410 }),
    span({ id: 4, parent: 3, service: "cart", startMs: 1_050 }),
  ];
  t.match(orderSpans(spans), [
    { name: "span 1", startMs: 1_000 },
    { name: "span 2", startMs: 1_020, events: [{ timeMs: 1_050 }] },
    { name: "span 3", startMs: 1_030 },
    { name: "span 4", startMs: 1_050 },
  ]);
});

t.test("orderSpans() loses no span whose parent is missing, is itself, or is below it", async (t) => {
  const orphan = span({ id: 1, parent: 99, startMs: 1 });
  const own = span({ id: 2, parent: 2, startMs: 2 });
  const circle = [span({ id: 3, parent: 4, startMs: 3 }), span({ id: 4, parent: 3, startMs: 4 })];
  t.same(names([...circle, own, orphan]).toSorted(), ["span 1", "span 2", "span 3", "span 4"]);
});

t.test("orderSpans() takes a trace that is deeper than the stack", async (t) => {
  const depth = 20_000;
  const spans = Array.from({ length: depth }, (_, index) =>
    span({ id: index + 1, startMs: index, ...(index === 0 ? {} : { parent: index }) }),
  );
  t.equal(orderSpans(spans.toReversed()).at(-1)?.name, `span ${depth}`);
});
