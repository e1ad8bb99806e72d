// The kit over an entity that schedules commands for itself.
import { Code } from "@connectrpc/connect";
import t from "tap";
import { defineReminder } from "../../../test/support/reminder.ts";
import { reject } from "../errors/index.ts";
import { testEntity } from "./index.ts";

const plan = { name: "tea", afterMs: 60_000, note: "hot" };

t.test("when() tells what a command scheduled, and the story keeps it", async (t) => {
  const story = testEntity(defineReminder(), { entityId: "7" }).given();
  t.match(await story.when("plan", plan), {
    timers: [
      {
        type: "scheduled",
        name: "tea",
        afterMs: 60_000,
        command: "ring",
        request: { reminderId: "7", note: "hot" },
      },
    ],
  });
  t.match([...story.timers.keys()], ["tea"]);
  t.match(await story.when("drop", { name: "tea" }), { timers: [{ type: "cancelled", name: "tea" }] });
  t.equal(story.timers.size, 0);
});

t.test("fire() runs a timer's command once, and names those that wait", async (t) => {
  const story = testEntity(defineReminder()).given();
  await story.when("plan", plan);
  await story.when("plan", { ...plan, name: "cake", note: "" });
  await t.rejects(story.fire("coffee"), {
    name: "RangeError",
    message: 'Cannot fire timer "coffee" as it does not wait: there are "tea", "cake"',
  });
  t.match(await story.fire("tea"), { type: "accepted", events: [{ case: "rang" }] });
  t.same(story.state.notes, ["tea:hot"]);
  await t.rejects(story.fire("tea"), /there are "cake"/, "it has ended");
});

t.test("fire() ends a timer whose command is rejected, as the runtime does", async (t) => {
  const refusing = defineReminder({
    onRing: () => {
      throw reject(Code.FailedPrecondition, "too late");
    },
  });
  const story = testEntity(refusing).given();
  await story.when("plan", plan);
  t.match(await story.fire("tea"), { type: "rejected", message: "too late" });
  t.equal(story.timers.size, 0);
});
