// The kit over an entity with upcasts: old events are given as they were stored, and folded as what they mean today.
import t from "tap";
import { counterV2 } from "../../../test/support/counter-v2.ts";
import { checkEntity, testEntity } from "./index.ts";

t.test("given() takes events of old cases, as a journal has them", async (t) => {
  const story = testEntity(counterV2).given(
    { case: "incremented", value: { amount: 5n } },
    { case: "wasReset", value: {} },
  );
  t.match(await story.when("increment", { amount: 2n }), {
    revision: 3n,
    state: { value: 2n },
    events: [{ case: "incremented" }],
  });
});

t.test("checkEntity() folds events of old cases, too", async (t) => {
  t.doesNotThrow(() => checkEntity(counterV2));
});
