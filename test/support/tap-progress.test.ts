import t from "tap";
import { createTapProgress } from "./tap-progress.ts";

const shown = (text: string): readonly string[] => {
  const progress = createTapProgress();
  return text.split("\n").flatMap((line) => progress.line(line));
};

t.test("line() tells each file when it is done, and nothing of what passed in it", async (t) => {
  const stream = `TAP version 14
# Subtest: a.test.ts
    # Subtest: one
        ok 1 - x
        1..1
    ok 1 - one # time=1ms
ok 1 - a.test.ts # time=12.5ms
ok 2 - b.test.ts # time=3ms`;
  t.same(shown(stream), ["✔ a.test.ts (12.5ms)", "✔ b.test.ts (3ms)"]);
});

t.test("line() shows what failed, with its diagnostics and no more", async (t) => {
  const stream = `# Subtest: a.test.ts
    # Subtest: one
        ok 1 - x
        not ok 2 - y
          ---
          found: 1
          wanted: 2
          ...
        ok 3 - z
    not ok 1 - one # time=1ms
    # Subtest: two
        ok 1 - fine
    ok 2 - two
not ok 1 - a.test.ts # time=2ms
  ---
  exitCode: 1
  ...`;
  t.same(shown(stream), [
    "✘ a.test.ts (2ms)",
    "        not ok 2 - y",
    "          ---",
    "          found: 1",
    "          wanted: 2",
    "          ...",
    "    not ok 1 - one # time=1ms",
    "  ---",
    "  exitCode: 1",
    "  ...",
  ]);
});

t.test("line() shows the end of a file that broke without a failed assertion", async (t) => {
  const stream = `# Subtest: a.test.ts
    Error: boom
not ok 1 - a.test.ts`;
  t.same(shown(stream), ["✘ a.test.ts", "# Subtest: a.test.ts", "    Error: boom"]);
});
