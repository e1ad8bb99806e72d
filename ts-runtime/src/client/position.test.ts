import { assert, bigInt, property, string, stringMatching } from "fast-check";
import t from "tap";
import { afterPosition, decodeEntityPosition, encodeEntityPosition, readPosition } from "./position.ts";

t.test("decodeEntityPosition() gives back what was encoded, as a header value", async (t) => {
  assert(
    property(
      stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
      string({ unit: "grapheme", minLength: 1 }),
      bigInt({ min: 0n, max: 2n ** 63n - 1n }),
      (entityType, entityId, revision) => {
        const position = encodeEntityPosition({ entityType, entityId, revision });
        const headers = new Headers({ "samspel-position": position });
        t.same(decodeEntityPosition(readPosition(headers) ?? ""), { entityType, entityId, revision });
      },
    ),
  );
});

t.test("decodeEntityPosition() gives undefined for what is no position", async (t) => {
  for (const text of [
    "",
    "cart",
    "cart/x/1",
    "cart/1",
    "Cart/1/a",
    "cart/1/%zz",
    "cart/99999999999999999999/a",
  ])
    t.equal(decodeEntityPosition(text), undefined, text);
});

t.test("afterPosition() asks for all that are known", async (t) => {
  t.same(afterPosition(undefined), { headers: {} });
  t.same(afterPosition("cart/1/a", undefined, "cart/2/b"), {
    headers: { "samspel-after": "cart/1/a, cart/2/b" },
  });
});
