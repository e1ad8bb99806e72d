// What effects say about tells, and what the test kit shows of it.
import t from "tap";
import { defineOrder } from "../../../test/support/parcels.ts";
import { MailService, ParcelService } from "../../../test/gen/samspel/test/v1/parcel_pb.ts";
import { ReminderService } from "../../../test/gen/samspel/test/v1/reminder_pb.ts";
import { accepted, testEntity } from "../testing/index.ts";
import { persist } from "./effect.ts";

t.test(
  "tell() refuses a method that might be carried out twice where it is written, with the fix",
  async (t) => {
    t.throws(() => persist().tell(ParcelService.method.throw, { parcelId: "a" }), {
      name: "TypeError",
      message: /Cannot tell samspel\.test\.v1\.ParcelService\.Throw as it might be carried out twice/,
    });
    t.doesNotThrow(() => persist().tell(MailService.method.broadcast, { text: "idempotent" }));
    t.doesNotThrow(() => persist().tell(ReminderService.method.getReminder, { reminderId: "only looks" }));
  },
);

t.test("tell() refuses a delay and an id out of their bounds, and a field that is not there", async (t) => {
  const { pack } = ParcelService.method;
  for (const delayMs of [-1, Number.NaN, Infinity])
    t.throws(() => persist().tell(pack, {}, { delayMs }), RangeError, String(delayMs));
  for (const id of ["", "ü", " x", "x".repeat(257)])
    t.throws(() => persist().tell(pack, {}, { id }), RangeError, JSON.stringify(id));
  const misspelt = { parcelId: "a", parcel: "a" };
  t.throws(() => persist().tell(pack, misspelt), { name: "TypeError", message: /has no field "parcel"/ });
});

t.test("tell() leaves the effect that it was called on as it was", async (t) => {
  const first = persist().tell(ParcelService.method.pack, { parcelId: "a" });
  const second = first.tell(ParcelService.method.pack, { parcelId: "b" });
  t.same([first.tells.length, second.tells.length], [1, 2]);
});

t.test("testEntity() shows what a command tells", async (t) => {
  const orders = testEntity(defineOrder(), { entityId: "7" });
  const { tells } = accepted(
    await orders.when("place", { items: ["apple", "pear"], delayMs: 5, tellId: "x" }),
  );
  t.match(tells, [
    {
      service: "samspel.test.v1.ParcelService",
      method: "pack",
      request: { parcelId: "7", item: "apple" },
      delayMs: 5,
      id: "x",
    },
    { method: "pack", request: { item: "pear" } },
  ]);
  t.notOk("id" in (tells[1] ?? {}));
  const forgotten = accepted(await orders.given().when("forgetOrder", {}));
  t.match(forgotten.tells, [{ request: { item: "farewell" } }]);
  t.same(accepted(await orders.when("getOrder", {})).tells, []);
});
