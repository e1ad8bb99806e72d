import { array, assert, boolean, property } from "fast-check";
import t from "tap";
import { Line } from "./line.ts";

t.test("Line gives back what it took, in order, whatever the rhythm", (t) => {
  assert(
    property(array(boolean(), { maxLength: 5_000, size: "max" }), (pushes) => {
      const line = new Line<number>();
      const expected: number[] = [];
      for (const [index, isPush] of pushes.entries()) {
        if (isPush) {
          line.push(index);
          expected.push(index);
        } else if (line.shift() !== expected.shift()) return false;
        if (line.isEmpty !== (expected.length === 0)) return false;
      }
      return true;
    }),
    { numRuns: 50 },
  );
  t.end();
});
