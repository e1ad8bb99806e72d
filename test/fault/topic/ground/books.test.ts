// The audit itself: it finds each kind of fault, and none in books that are right.
import t from "tap";
import { audit, firsts } from "./books.ts";

const written = new Map([
  ["a", 3],
  ["b", 1],
]);
const bookOf = (a: readonly number[], b: readonly number[] = [1]): ReadonlyMap<string, readonly number[]> =>
  new Map([
    ["a", a],
    ["b", b],
  ]);

t.test("audit() finds nothing in books that are right", async (t) => {
  t.same(audit("book", bookOf([1, 2, 3]), written), []);
  t.same(audit("book", bookOf([1, 3]), written, new Set(["a/2"])), [], "what is excepted is not missed");
  t.same(audit("book", firsts(bookOf([1, 2, 1, 2, 3])), written), [], "what came again is left out");
});

t.test("audit() finds what is lost, doubled, out of order or made up", async (t) => {
  t.same(audit("book", bookOf([1, 3]), written), ["book: a/2 is lost"]);
  t.same(audit("book", bookOf([1, 2, 3], []), written), ["book: b/1 is lost"]);
  t.same(audit("book", bookOf([1, 2, 2, 3]), written), ["book: a/2 came 2 times"]);
  t.same(audit("book", bookOf([1, 3, 2]), written), ["book: a/2 came behind a later one"]);
  t.same(audit("book", bookOf([1, 2, 3, 4]), written), ["book: a/4 must not be there"]);
  t.same(audit("book", bookOf([1, 2, 3]), written, new Set(["a/2"])), ["book: a/2 must not be there"]);
  t.same(audit("book", new Map([...bookOf([1, 2, 3]), ["c", [1]]]), written), ["book: nobody wrote c"]);
  t.same(audit("book", firsts(bookOf([2, 1, 2, 3])), written), ["book: a/1 came behind a later one"]);
});
