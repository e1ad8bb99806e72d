import t from "tap";
import { span } from "../../../test/support/spans.ts";
import { createTrafficLog } from "./traffic.ts";
import type { Span } from "./collector.ts";

const minuteMs = 60_000;
const call = { "rpc.service": "cart.v1.CartService" };
const topic = { "messaging.destination.name": "cart.v1.CartTopics.CheckedOut" };
const tell = {
  "messaging.destination.name": "tell.mail.v1.MailService",
  "rpc.service": "mail.v1.MailService",
};

function report(spans: readonly Span[], windowMs: number = minuteMs) {
  const log = createTrafficLog();
  for (const one of spans) log.add(one);
  const { services, edges } = log.report(windowMs);
  return { services: Object.fromEntries(services), edges };
}

t.test("traffic counts what each service served, with errors and quantiles", async (t) => {
  const spans = Array.from({ length: 100 }, (_, index) =>
    span({ id: index + 1, kind: "SERVER", attributes: call, durationMs: index + 1, error: index === 3 }),
  );
  t.same(report(spans).services, { cart: { count: 100, errors: 1, p50Ms: 50, p99Ms: 99 } });
});

t.test("traffic forgets what ended before its window", async (t) => {
  const old = span({ id: 1, kind: "SERVER", attributes: call, startMs: Date.now() - 2 * minuteMs });
  t.same(report([old]), { services: {}, edges: [] });
  t.match(report([old], 3 * minuteMs).services, { cart: { count: 1 } });
});

t.test("traffic says who asks, tells and publishes to whom, whichever side's spans come first", async (t) => {
  const spans = [
    span({ id: 2, parent: 1, kind: "SERVER", service: "cart", attributes: call }),
    span({ id: 1, kind: "CLIENT", service: "shop", attributes: call }),
    span({ id: 3, kind: "PRODUCER", service: "cart", attributes: topic }),
    span({ id: 4, parent: 3, kind: "CONSUMER", service: "popular", attributes: topic }),
    span({ id: 5, kind: "PRODUCER", service: "cart", attributes: tell }),
    span({ id: 6, parent: 5, kind: "CONSUMER", service: "mail", attributes: tell, error: true }),
    span({ id: 7, kind: "SERVER", service: "cart", attributes: call }),
  ];
  t.match(report(spans).edges, [
    { source: "shop", target: "cart", kind: "ask", subject: "cart.v1.CartService", traffic: { count: 1 } },
    { source: "cart", target: "popular", kind: "topic", subject: "cart.v1.CartTopics.CheckedOut" },
    { source: "cart", target: "mail", kind: "tell", subject: "mail.v1.MailService", traffic: { errors: 1 } },
    { source: "", target: "cart", kind: "ask", traffic: { count: 1 } },
  ]);
});

t.test("traffic finds the source of a batch by its links", async (t) => {
  const produced = span({ trace: 1, id: 1, kind: "PRODUCER", attributes: topic });
  const batch = span({
    trace: 2,
    id: 2,
    kind: "CONSUMER",
    service: "popular",
    attributes: topic,
    links: [{ traceId: produced.traceId, spanId: produced.spanId }],
  });
  t.match(report([produced, batch]).edges, [{ source: "cart", target: "popular", kind: "topic" }]);
});

t.test("a call whose other side sends no spans counts from its caller's side", async (t) => {
  const spans = [
    span({ id: 1, kind: "CLIENT", service: "shop", attributes: call, error: true }),
    span({ id: 2, parent: 99, kind: "SERVER", service: "cart", attributes: call }),
    span({ id: 3, kind: "CLIENT", service: "shop", attributes: { "rpc.service": "tax.v1.TaxService" } }),
  ];
  t.match(report(spans).edges, [
    { source: "", target: "cart" },
    { source: "shop", target: "cart", traffic: { count: 1, errors: 1 } },
    { source: "shop", target: "", subject: "tax.v1.TaxService" },
  ]);
});

t.test("calls of other protocols, such as to a database, are nobody's traffic", async (t) => {
  const query = span({ id: 1, kind: "CLIENT", attributes: { "db.system": "postgresql" } });
  t.same(report([query]), { services: {}, edges: [] });
});

t.test("traffic keeps so many at most", async (t) => {
  const log = createTrafficLog(10);
  for (let id = 1; id <= 100; id++) log.add(span({ id, kind: "SERVER", attributes: call }));
  t.equal(log.report(minuteMs).services.get("cart")?.count, 10);
});
