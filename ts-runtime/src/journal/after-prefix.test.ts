import * as fc from "fast-check";
import t from "tap";
import { afterPrefix } from "./after-prefix.ts";

const character = fc.oneof(
  fc.constantFrom("a", "b", "\ud7ff", "\u{10ffff}"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const text = fc.string({ unit: character });
const bytes = (value: string): Buffer => Buffer.from(value);

t.test("afterPrefix() stands behind all with the prefix, and before all that follow them", async () => {
  fc.assert(
    fc.property(text, text, (prefix, other) => {
      const end = afterPrefix(prefix);
      const inside = (value: string): boolean =>
        Buffer.compare(bytes(value), bytes(prefix)) >= 0 &&
        (end === undefined || Buffer.compare(bytes(value), bytes(end)) < 0);
      return inside(prefix + other) && inside(other) === other.startsWith(prefix);
    }),
  );
});

t.test("afterPrefix() of nothing, and of the last character, has no end", async (t) => {
  t.equal(afterPrefix(""), undefined);
  t.equal(afterPrefix("\u{10ffff}"), undefined);
  t.equal(afterPrefix("a\u{10ffff}"), "b");
  t.equal(afterPrefix("\ud7ff"), "\ue000");
});
