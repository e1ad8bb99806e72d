import { assert, property, string } from "fast-check";
import t from "tap";
import { makeHeaders, readHeaders } from "./headers.ts";

t.test("readHeaders() gives back what makeHeaders() took, whatever the key", (t) => {
  assert(
    property(string({ unit: "grapheme" }), string({ unit: "binary" }), (key, tenant) => {
      const made = makeHeaders(
        { id: `cart/${key}/1`, service: "cart", type: "cart.v1.X", time: new Date(0), key },
        { Tenant: tenant, "Ce-Id": "forged", "nats-rollup": "all" },
      );
      const values = [...made].flatMap(([, values]) => values);
      if (values.some((value) => /[^\x21-\x7e]/.test(value))) t.fail(`not printable ASCII: ${values.join()}`);
      const read = readHeaders(made);
      const names = ["ce-subject", "ce-id", "nats-msg-id", "tenant"];
      const expected = [key, `cart/${key}/1`, `cart/${key}/1`, tenant];
      const actual = names.map((name) => read.get(name));
      if (actual.join("\n") !== expected.join("\n")) t.same(actual, expected);
      if (made.values("ce-id").length + made.values("Ce-Id").length !== 1 || made.has("nats-rollup"))
        t.fail("forged");
    }),
    { numRuns: 50 },
  );
  t.equal(readHeaders(undefined).size, 0, "and nothing out of nothing");
  t.end();
});

t.test("makeHeaders() follows CloudEvents in binary mode", (t) => {
  const made = makeHeaders({
    id: "cart/å/7",
    service: "cart",
    type: "cart.v1.CartCheckedOut",
    time: new Date("2026-01-02T03:04:05.678Z"),
    key: "å",
  });
  t.same(Object.fromEntries([...made].map(([name, [value]]) => [name, value])), {
    "Nats-Msg-Id": "cart/%C3%A5/7",
    "ce-specversion": "1.0",
    "ce-id": "cart/%C3%A5/7",
    "ce-source": "/samspel/cart",
    "ce-type": "cart.v1.CartCheckedOut",
    "ce-time": "2026-01-02T03:04:05.678Z",
    "ce-subject": "%C3%A5",
    "ce-partitionkey": "%C3%A5",
    "content-type": "application/protobuf",
  });
  t.end();
});
