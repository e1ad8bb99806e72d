import t from "tap";
import { countTap } from "./tap-counts.ts";
import { filesToLookAtAgain, withoutFiles } from "./second-look.ts";

const run = (...files: readonly (readonly [name: string, passes: boolean])[]): string =>
  [
    "TAP version 14",
    ...files.flatMap(([name, passes], index) => [
      `# Subtest: ${name}`,
      "    ok 1 - one",
      `    ${passes ? "" : "not "}ok 2 - other`,
      ...(passes ? [] : ["      ---", "      found: 1", "      ..."]),
      "    1..2",
      `${passes ? "" : "not "}ok ${index + 1} - ${name} # time=2ms`,
      ...(passes ? [] : ["  ---", "  exitCode: 1", "  ..."]),
    ]),
    `1..${files.length}`,
  ].join("\n");

const fault = "test/fault/a.test.ts";
const unit = "ts-runtime/src/b.test.ts";

t.test("filesToLookAtAgain() has the failed files that test by the clock", async (t) => {
  t.same(filesToLookAtAgain(run([fault, false], [unit, true])), [fault]);
  t.same(filesToLookAtAgain(run([fault, true], [unit, true])), []);
});

t.test("filesToLookAtAgain() has none when a test failed that no clock excuses", async (t) => {
  t.same(filesToLookAtAgain(run([fault, false], [unit, false])), []);
});

t.test("filesToLookAtAgain() has none when many failed", async (t) => {
  const many = ["a", "b", "c", "d"].map((name) => [`test/fault/${name}.test.ts`, false] as const);
  t.same(filesToLookAtAgain(run(...many)), []);
});

t.test("withoutFiles() leaves what the other files said", async (t) => {
  const text = run([unit, true], [fault, false], ["test/e2e/c.test.ts", true]);
  t.same(countTap(text), { passed: 5, failed: 1, skipped: 0 });
  t.same(countTap(withoutFiles(text, [fault])), { passed: 4, failed: 0, skipped: 0 });
});

t.test("withoutFiles() counts no file twice when its second look fails as well", async (t) => {
  const again = run([fault, false]);
  const first = withoutFiles(run([unit, true], [fault, false]), [fault]);
  t.same(countTap(first + again), { passed: 3, failed: 1, skipped: 0 });
});
