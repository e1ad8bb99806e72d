import { Code } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { formatTimeout, parseTimeout } from "./timeout.ts";

t.test("parseTimeout() reads each unit", async (t) => {
  const values: Record<string, number> = {
    "2H": 7_200_000,
    "3M": 180_000,
    "4S": 4_000,
    "50m": 50,
    "6000u": 6,
    "7000000n": 7,
    "99999999m": 99_999_999,
    "0m": 0,
  };
  for (const [value, ms] of Object.entries(values)) t.ok(Math.abs(parseTimeout(value) - ms) < 0.001, value);
});

t.test("parseTimeout() refuses what is no timeout", async (t) => {
  for (const value of ["", "m", "1", "123456789m", "-1m", "1.5S", " 1m", "1 m", "1x", "1mm", "١m", "1m\n"]) {
    t.throws(() => parseTimeout(value), { code: Code.InvalidArgument }, JSON.stringify(value));
  }
});

t.test("formatTimeout() gives what is left, rounded up, in eight digits", async (t) => {
  t.equal(formatTimeout(10_000), "10000m");
  t.equal(formatTimeout(0.2), "1m");
  t.equal(formatTimeout(99_999_999), "99999999m");
  t.equal(formatTimeout(100_000_000), "100000S");
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (ms) => {
      const read = parseTimeout(formatTimeout(ms));
      return (
        read >= ms * (1 - 1e-12) &&
        read <= ms + (ms > 99_999_999_000 ? 3_600_000 : ms > 99_999_999 ? 1_000 : 1)
      );
    }),
  );
});
