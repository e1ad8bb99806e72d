import t from "tap";
import { readAhead } from "./read-ahead.ts";

t.test("readAhead() asks for the next one before the first is done, and for no more", async (t) => {
  const asked: number[] = [];
  let ended = false;
  async function* source(): AsyncGenerator<number> {
    try {
      for (let number = 1; ; number++) {
        asked.push(number);
        yield number;
      }
    } finally {
      ended = true;
    }
  }
  for await (const number of readAhead(source())) {
    await new Promise(setImmediate);
    t.same(asked.at(-1), number + 1);
    if (number === 3) break;
  }
  await new Promise(setImmediate);
  t.ok(ended, "the source is told when nobody wants more");
});

t.test("readAhead() gives what came before a failure, and then the failure", async (t) => {
  const seen: number[] = [];
  async function* source(): AsyncGenerator<number> {
    yield 1;
    throw new RangeError("away");
  }
  await t.rejects(async () => {
    for await (const number of readAhead(source())) {
      await new Promise(setImmediate);
      seen.push(number);
    }
  }, /away/);
  t.same(seen, [1]);
});
