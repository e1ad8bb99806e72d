import { assert, integer, property, string } from "fast-check";
import t from "tap";
import { formatPosition, parsePosition } from "./position.ts";

const safe = integer({ min: 0, max: Number.MAX_SAFE_INTEGER });

t.test("parsePosition() gives what formatPosition() was given", async () => {
  assert(
    property(safe, safe, (createdMs, sequence) => {
      const { createdMs: created, sequence: number } = parsePosition(formatPosition({ createdMs, sequence }));
      return created === createdMs && number === sequence;
    }),
  );
});

t.test("parsePosition() refuses what is no position, and never fails otherwise", async (t) => {
  const refused = { code: "SAMSPEL_INVALID_REQUEST", metadata: { field: "position" } };
  const valid = formatPosition({ createdMs: 1, sequence: 2 });
  for (const text of ["", "x", `${valid}A`, valid.slice(1), `${valid}=`, "_".repeat(23)]) {
    t.throws(() => parsePosition(text), refused, text);
  }
  assert(
    property(string(), (text) => {
      t.throws(() => parsePosition(text), refused);
    }),
  );
});
