import t from "tap";
import { heldBackWaitMs } from "./follow.ts";

t.test("heldBackWaitMs() doubles up to a second, so that a long holder's end is seen soon", async (t) => {
  t.same(
    [1, 2, 3, 8, 9, 30].map((looks) => heldBackWaitMs(looks, 600_000)),
    [4, 8, 16, 512, 1_000, 1_000],
  );
  t.equal(heldBackWaitMs(30, 50), 50, "never longer than without events that are held back");
});
