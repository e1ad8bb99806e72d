// What the dashboard's pages compute, without a browser.
import { create } from "@bufbuild/protobuf";
import {
  EdgeKind,
  EdgeSchema,
  SystemTopicSchema,
  TopicMessageSchema,
  WatchSystemResponseSchema,
  type Edge,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { SubscriptionStatusSchema, TopicSchema } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import t from "tap";
import { applyDelta } from "../../dashboard/src/api/deltas.ts";
import { formatCount, formatMs, formatRate, formatShare } from "../../dashboard/src/format/index.ts";
import {
  emptyValue,
  fieldKind,
  parseSchema,
  resolve,
  withField,
} from "../../dashboard/src/pages/api/schema.ts";
import { historyStart } from "../../dashboard/src/pages/entities/history-window.ts";
import { diffJson } from "../../dashboard/src/pages/entities/json-diff.ts";
import { layoutMap, nodeSize } from "../../dashboard/src/pages/system/map-layout.ts";
import { linesOf, mapModel } from "../../dashboard/src/pages/system/map-model.ts";
import { addToTail, emptyTail } from "../../dashboard/src/pages/topics/tail-window.ts";
import { topicViews } from "../../dashboard/src/pages/topics/topics-model.ts";
import { shortName, unfolded, waterfall } from "../../dashboard/src/pages/traces/waterfall-model.ts";
import { findCommands } from "../../dashboard/src/shell/find.ts";
import { shopMethods } from "./fake/methods.ts";
import { crowdAt, shopAt } from "./fake/shop.ts";
import { traceIdOf, traceOf } from "./fake/traces.ts";

const link = (source: string, target: string): { source: string; target: string } => ({ source, target });

t.test("layoutMap() puts callers left of whom they reach, also around a cycle (M1)", async (t) => {
  const { places } = layoutMap(["a", "b", "c"], [link("a", "b"), link("b", "c"), link("c", "a")]);
  t.same(
    ["a", "b", "c"].map((name) => places.get(name)?.column),
    [0, 1, 2],
  );
});

t.test(
  "layoutMap() gives the same picture for the same system, in whatever order it comes (M2)",
  async (t) => {
    const links = [link("a", "b"), link("a", "c"), link("b", "d")];
    t.same(layoutMap(["d", "b", "a", "c"], links.toReversed()), layoutMap(["a", "b", "c", "d"], links));
  },
);

t.test("layoutMap() never puts one service onto another, nor a line under one (M4)", async (t) => {
  const { services, edges } = shopAt(0);
  const model = mapModel(services, edges, undefined);
  const { places, ways } = layoutMap(model.names, model.lines);
  const all = [...places.values()];
  for (const [index, one] of all.entries()) {
    for (const other of all.slice(index + 1)) {
      const apart =
        Math.abs(one.x - other.x) >= nodeSize.width || Math.abs(one.y - other.y) >= nodeSize.height;
      t.ok(apart, `${one.name} and ${other.name}`);
    }
    for (const [way, points] of ways) {
      const under = points.some(({ x, y }) => x === one.x && Math.abs(y - one.y) < nodeSize.height / 2);
      t.notOk(under, `${way.replace("\n", " to ")} passes ${one.name}`);
    }
  }
  t.equal(ways.size, 3, "gateway to popular-items and to recommendations, cart to shipping");
});

t.test("mapModel() of a thousand services shows the busiest, or what is around one", async (t) => {
  const { services, edges } = crowdAt(0);
  const busiest = mapModel(services, edges, undefined);
  t.equal(busiest.names.length, 36);
  t.equal(busiest.hidden, 964);
  const around = mapModel(services, edges, "service-0500");
  t.ok(around.names.includes("service-0500"));
  t.ok(
    around.names.every((name) =>
      around.lines.some(({ source, target }) => source === name || target === name),
    ),
  );
});

t.test("linesOf() knows a callee that sends no spans by what it alone serves", async (t) => {
  const { services } = shopAt(0);
  const to = (subject: string): Edge =>
    create(EdgeSchema, { source: "cart", kind: EdgeKind.ASK, subject, traffic: { count: 3n } });
  t.same(
    linesOf([to("inventory.v1.InventoryService"), to("nobody.v1.Knows")], services).map(
      ({ target }) => target,
    ),
    ["inventory"],
  );
});

t.test("applyDelta() keeps what did not change as the same objects (D1)", async (t) => {
  const before = shopAt(0);
  const [billing, cart] = shopAt(3).services;
  const after = applyDelta(
    before,
    create(WatchSystemResponseSchema, {
      delta: true,
      name: "shop",
      services: cart === undefined || billing === undefined ? [] : [cart, { ...billing, name: "accounts" }],
      goneServices: ["shipping"],
      edges: [
        { source: "cart", target: "inventory", kind: EdgeKind.ASK, subject: "inventory.v1.InventoryService" },
        {
          source: "cart",
          target: "accounts",
          kind: EdgeKind.TELL,
          subject: "a.v1.A",
          traffic: { count: 1n },
        },
      ],
    }),
  );
  t.same(
    after.services.map(({ name }) => name),
    ["accounts", "billing", "cart", "inventory", "popular-items", "recommendations"],
  );
  t.equal(after.services[1], before.services[0]);
  t.equal(after.services[2], cart);
  t.equal(after.edges.length, before.edges.length, "one gone, one more");
  t.equal(applyDelta(after, before), before, "a whole answer replaces all");
});

t.test("waterfall() walks the tree by time, and folds whole branches", async (t) => {
  const { rows, totalMs } = waterfall(traceOf(traceIdOf(0))?.spans ?? []);
  t.equal(rows.length, 15);
  t.equal(Math.round(totalMs), 56);
  t.same([...new Set(rows.map(({ work }) => work))].sort(), [
    "ask",
    "entity",
    "journal",
    "projection",
    "tell",
    "topic",
    "work",
  ]);
  const billing = rows.find(({ span }) => span.service === "billing");
  t.equal(billing?.below, 2);
  t.equal(unfolded(rows, new Set([billing?.span.spanId ?? ""])).length, 13);
});

t.test(
  "waterfall() ends on spans that name each other as parents, and shows those whose parent is unknown",
  async (t) => {
    const spans = traceOf(traceIdOf(1))?.spans ?? [];
    const orphans = spans.map((span) => ({ ...span, parentSpanId: "0000000000000bad" }));
    t.equal(waterfall(orphans).rows.length, 2);
    const [a, b] = spans;
    if (a === undefined || b === undefined) throw new Error("the trace has two spans");
    t.equal(
      waterfall([
        { ...a, parentSpanId: b.spanId },
        { ...b, parentSpanId: a.spanId },
      ]).rows.length,
      2,
    );
  },
);

t.test("shortName() leaves packages out, and only these", async (t) => {
  t.equal(shortName("cart.v1.CartService/AddItem"), "CartService/AddItem");
  t.equal(shortName("publish cart.v1.CartTopics.CheckedOut"), "publish CartTopics.CheckedOut");
  t.equal(shortName("GET /v1/carts"), "GET /v1/carts");
});

t.test("diffJson() names the smallest places that differ", async (t) => {
  t.same(diffJson({ items: { apple: 2, pear: 1 } }, { items: { apple: 3, bread: 1 }, done: true }), [
    { path: "items.apple", before: 2, after: 3 },
    { path: "items.bread", before: undefined, after: 1 },
    { path: "items.pear", before: 1, after: undefined },
    { path: "done", before: undefined, after: true },
  ]);
  t.same(diffJson({ a: [1] }, { a: [1] }), []);
});

t.test("historyStart() keeps the chosen revision in view", async (t) => {
  for (const last of [1, 99, 100, 101, 250, 2000]) {
    for (let chosen = 1; chosen <= last; chosen++) {
      const start = historyStart(last, chosen);
      if (!(start >= 0 && start < chosen && chosen <= start + 100))
        t.fail(`${chosen} of ${last} begins after ${start}`);
    }
  }
  t.equal(historyStart(2000, 2000), 1900);
});

t.test("fieldKind() knows each kind of field that the server describes", async (t) => {
  const everything =
    parseSchema(shopMethods.find(({ name }) => name === "Import")?.requestSchema ?? "") ?? {};
  const kinds = Object.entries(resolve(everything, everything).properties ?? {}).map(([name, schema]) => [
    name,
    fieldKind(resolve(schema, everything)),
  ]);
  t.same(Object.fromEntries(kinds), {
    warehouse: "text",
    count: "number",
    weight: "number",
    urgent: "boolean",
    grade: "enum",
    at: "time",
    label: "text",
    tags: "list",
    parts: "list",
    stock: "map",
    box: "message",
    code: "text",
    number: "number",
    extra: "any",
  });
  t.same(emptyValue({ $ref: "#/$defs/inventory.v1.Part" }, everything), {});
});

t.test("withField() keeps the order of fields, and takes out what is unset", async (t) => {
  t.same(JSON.stringify(withField({ a: 1, b: 2 }, "a", 3)), '{"a":3,"b":2}');
  t.same(JSON.stringify(withField({ a: 1, b: 2 }, "a", undefined)), '{"b":2}');
});

t.test("findCommands() finds by parts of words in any order, the best first", async (t) => {
  const commands = ["cart.v1.CartService/GetCart", "cart.v1.CartService/AddItem", "cart"].map((text) => ({
    id: text,
    group: text === "cart" ? "Service" : "Method",
    text,
    run: () => {},
  }));
  t.same(
    findCommands(commands, "get cart").map(({ text }) => text),
    ["cart.v1.CartService/GetCart"],
  );
  t.equal(findCommands(commands, "cart")[0]?.text, "cart");
  t.same(findCommands(commands, "zebra"), []);
});

t.test("numbers and times are said as people say them", async (t) => {
  t.same([0, 0.48, 3.24, 48.6, 1240, 200_000].map(formatMs), [
    "0",
    "480 µs",
    "3.2 ms",
    "49 ms",
    "1.24 s",
    "3 min 20 s",
  ]);
  t.same([0, 3, 24, 720, 120_000].map(formatRate), ["—", "3/min", "0.4/s", "12/s", "2,000/s"]);
  t.same([formatShare(0, 5), formatShare(1, 400), formatShare(1, 4)], ["", "0.3 %", "25 %"]);
  t.equal(formatCount(1_250_000n), "1.3 M");
});

const messageOf = (text: string) => create(TopicMessageSchema, { message: text });

t.test("addToTail() keeps the latest messages, and counts all (L1, L2)", async (t) => {
  let tail = emptyTail;
  for (let batch = 0; batch < 20; batch++)
    tail = addToTail(
      tail,
      Array.from({ length: 500 }, () => messageOf("x")),
    );
  t.equal(tail.count, 10_000);
  t.equal(tail.messages.length, 2_000);
  t.same([tail.messages[0]?.number, tail.messages.at(-1)?.number], [8_001, 10_000]);
  t.equal(addToTail(tail, []), tail, "nothing new is no change");
});

t.test("addToTail() keeps less where messages are large, and always the newest (L1)", async (t) => {
  const large = messageOf("x".repeat(3_000_000));
  let tail = addToTail(emptyTail, [large, large, large]);
  t.same(
    tail.messages.map(({ number }) => number),
    [2, 3],
  );
  tail = addToTail(tail, [messageOf("x".repeat(20_000_000))]);
  t.same(
    tail.messages.map(({ number }) => number),
    [4],
  );
  t.equal(tail.chars, 20_000_000);
});

t.test("topicViews() joins what services tell with what NATS shows", async (t) => {
  const topic = create(TopicSchema, {
    name: "a.v1.A",
    messageType: "a.v1.M",
    partitions: 16,
    published: true,
  });
  const said = [
    {
      service: "cart",
      value: {
        topics: [topic],
        subscriptions: [
          create(SubscriptionStatusSchema, { topic: "a.v1.A", group: "cart", deadLetters: 1n }),
        ],
      },
      error: undefined,
    },
  ];
  const seen = [
    create(SystemTopicSchema, {
      topic: { name: "a.v1.A", partitions: 16 },
      publishers: ["cart"],
      groups: [{ topic: "a.v1.A", group: "shipping", deadLetters: 2n }],
    }),
    create(SystemTopicSchema, { topic: { name: "b.v1.B" }, publishers: ["billing"] }),
  ];
  const views = topicViews(said, seen);
  t.match(views, [
    {
      name: "a.v1.A",
      topic: { messageType: "a.v1.M" },
      publishers: ["cart"],
      deadLetters: 3,
      groups: [
        { service: "cart", status: { group: "cart" } },
        { service: undefined, status: { group: "shipping" } },
      ],
    },
    { name: "b.v1.B", publishers: ["billing"], groups: [] },
  ]);
});
