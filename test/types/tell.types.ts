// What must not compile of tells, and why. `compile.test.ts` has the compiler check each line.
import { createClients, defineEntity, persist, type Receipt } from "@samspel/runtime";
import { createRegistry } from "@samspel/registry";
import {
  MailService,
  OrderEventSchema,
  OrderSchema,
  OrderService,
  ParcelService,
  type PackResponse,
} from "../gen/samspel/test/v1/parcel_pb.ts";
import type { PackResponseSchema } from "../gen/samspel/test/v1/parcel_pb.ts";

/** Never run: only its types matter. */
export async function clients(): Promise<void> {
  const { client, reply } = createClients({ registry: createRegistry() });
  const parcels = client(ParcelService);

  // What is right compiles: both ways on one method, and the reply typed by it.
  await parcels.pack({ parcelId: "a", item: "apple" });
  const receipt: Receipt<typeof PackResponseSchema> = await parcels.tell.pack(
    { parcelId: "a", item: "apple" },
    { delayMs: 5, idempotencyKey: "x", headers: { a: "b" }, timeoutMs: 1_000 },
  );
  const packed: PackResponse = await receipt.reply({ timeoutMs: 1_000 });
  const later: PackResponse = await reply(ParcelService.method.pack, String(receipt));
  if (packed.items !== later.items) throw new Error("different");

  // @ts-expect-error a misspelt field
  await parcels.tell.pack({ parcel: "a" });
  // @ts-expect-error a misspelt method
  await parcels.tell.packs({ parcelId: "a" });
  // @ts-expect-error a misspelt option
  await parcels.tell.pack({ parcelId: "a" }, { delay: 5 });
  // @ts-expect-error a method that streams cannot be told
  await client(MailService).tell.watchMail({ to: "a" });
  // @ts-expect-error the reply of another method
  const wrong: PackResponse = await (await parcels.tell.getParcel({ parcelId: "a" })).reply();
  if (wrong.items === 0) throw new Error("none");
}

const shape = { name: "order", state: OrderSchema, event: OrderEventSchema };
const others = { remind: () => ({}), forgetOrder: () => ({}), getOrder: () => ({}) };
const events = { placed: () => ({}), orderForgotten: () => ({}) };
const { pack } = ParcelService.method;

// What is right compiles: with events or without, beside timers, more than one.
defineEntity(OrderService, shape, {
  events,
  commands: {
    ...others,
    place: (_, __, { entityId }) =>
      persist({ case: "placed", value: {} })
        .tell(pack, { parcelId: entityId, item: "apple" }, { delayMs: 5, id: "x" })
        .schedule("x", { afterMs: 1, command: OrderService.method.remind })
        .tell(MailService.method.send, { to: "me" })
        .reply(({ items }) => ({ items: items.length })),
    remind: (_, __, { entityId }) =>
      persist()
        .tell(pack, { parcelId: entityId })
        .reply(() => ({})),
  },
});

defineEntity(OrderService, shape, {
  events,
  commands: {
    ...others,
    place: (_, __, { entityId }) =>
      persist({ case: "placed", value: {} })
        // @ts-expect-error a misspelt field of the request
        .tell(pack, { parcelId: entityId, items: "apple" })
        .reply(() => ({})),
  },
});

defineEntity(OrderService, shape, {
  events,
  commands: {
    ...others,
    place: () =>
      persist({ case: "placed", value: {} })
        // @ts-expect-error a method that streams
        .tell(MailService.method.watchMail, { to: "me" })
        .reply(() => ({})),
  },
});

defineEntity(OrderService, shape, {
  events,
  commands: {
    ...others,
    place: () =>
      persist({ case: "placed", value: {} })
        .tell(pack, { parcelId: "a" })
        // @ts-expect-error a misspelt field of the reply, also behind a tell
        .reply(() => ({ item: 1 })),
  },
});
