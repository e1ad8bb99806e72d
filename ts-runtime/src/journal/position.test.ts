import * as fc from "fast-check";
import t from "tap";
import { comparePositions, startPosition, type Position } from "./position.ts";

const positions: fc.Arbitrary<Position> = fc.record({
  tx: fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  sequence: fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: 0n, max: 2n ** 63n - 1n })),
});

t.test("comparePositions() orders by transaction, then by sequence, as Postgres orders rows", async () => {
  fc.assert(
    fc.property(positions, positions, positions, (a, b, c) => {
      const byRows = a.tx < b.tx || (a.tx === b.tx && a.sequence < b.sequence);
      const transitive =
        comparePositions(a, b) > 0 || comparePositions(b, c) > 0 || comparePositions(a, c) <= 0;
      return (
        comparePositions(a, b) < 0 === byRows &&
        comparePositions(a, b) === -comparePositions(b, a) + 0 &&
        comparePositions(startPosition, a) <= 0 &&
        transitive
      );
    }),
  );
});
