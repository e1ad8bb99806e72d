import * as fc from "fast-check";
import t from "tap";
import { readToken, writeToken } from "./token.ts";

t.test("readToken() gives back what writeToken() took", async () => {
  const hash = fc.stringMatching(/^[A-Za-z0-9_-]{32}$/);
  fc.assert(
    fc.property(hash, fc.integer({ min: 0, max: 4_102_444_800_000 }), (hash, toldAtMs) => {
      const { hash: read, toldAtMs: at } = readToken(writeToken({ hash, toldAtMs }));
      return read === hash && at === toldAtMs;
    }),
  );
});

t.test("readToken() refuses what is no token, so that nothing else gets into a subject", async (t) => {
  for (const text of [
    "",
    "-",
    "x",
    "1-short",
    `1-${"x".repeat(33)}`,
    `1-${"x".repeat(31)}.`,
    `1-${"*".repeat(32)}`,
  ])
    t.throws(() => readToken(text), { code: "SAMSPEL_INVALID_REQUEST" }, JSON.stringify(text));
});
