import t from "tap";
import { countTap } from "./tap-counts.ts";

const text = (lines: string): string => lines.replaceAll(/^ {4}/gm, "");

t.test("countTap() counts leaves when tests lie in tests", async (t) => {
  const counts = countTap(
    text(`
    # Subtest: a.test.ts
        # Subtest: one
            ok 1 - x
            not ok 2 - y
              ---
              source: |
                ok 3 - no result, but a quoted one
              ...
            1..2
        not ok 1 - one # time=1ms
        ok 2 - left out # SKIP
    not ok 1 - a.test.ts # time=2ms`),
  );
  t.strictSame(counts, { passed: 1, failed: 1, skipped: 1 });
});

t.test("countTap() counts a file that fails without a failing test (a crash is never green)", async (t) => {
  const counts = countTap(
    text(`
    # Subtest: a.test.ts
        ok 1 - x
    not ok 1 - a.test.ts # time=2ms
      ---
      exitCode: 3
      ...
    # Subtest: b.test.ts
        1..0 # no tests found
    not ok 2 - b.test.ts`),
  );
  t.strictSame(counts, { passed: 1, failed: 2, skipped: 0 });
});

t.test("countTap() counts nothing when a stream is empty", async (t) => {
  t.strictSame(countTap(""), { passed: 0, failed: 0, skipped: 0 });
});
