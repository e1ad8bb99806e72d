// Orders that tell parcels: the entities that tests of tells use, and processes that serve them.
import { create, type Message } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import type { Test } from "tap";
import {
  createEntityHost,
  defineEntity,
  persist,
  type Entity,
  type EntityHost,
} from "../../ts-runtime/src/entity/index.ts";
import { reject } from "../../ts-runtime/src/errors/index.ts";
import type { Journal } from "../../ts-runtime/src/journal/index.ts";
import type { Sql } from "../../ts-runtime/src/postgres/index.ts";
import {
  ForgetOrderRequestSchema,
  OrderEventSchema,
  OrderSchema,
  OrderService,
  ParcelEventSchema,
  ParcelSchema,
  ParcelService,
  PlaceRequestSchema,
  RemindRequestSchema,
} from "../gen/samspel/test/v1/parcel_pb.ts";

type ParcelEntity = Entity<typeof ParcelService, typeof ParcelSchema, typeof ParcelEventSchema>;
type OrderEntity = Entity<typeof OrderService, typeof OrderSchema, typeof OrderEventSchema>;

/** Defines a parcel; `onPack` is told of each run of the handler, before it decides. */
export function defineParcel(
  onPack: (item: string, parcelId: string) => Promise<void> | void = () => {},
): ParcelEntity {
  return defineEntity(
    ParcelService,
    { name: "parcel", state: ParcelSchema, event: ParcelEventSchema },
    {
      commands: {
        async pack(_, { item, broken }, { entityId }) {
          await onPack(item, entityId);
          if (broken) throw reject(Code.FailedPrecondition, `${item} is broken`, { metadata: { item } });
          return persist({ case: "packed", value: { item } }).reply(({ items }) => ({ items: items.length }));
        },
        getParcel: ({ items }) => ({ items }),
        throw: () => ({}),
      },
      events: { packed: (parcel, { item }) => ({ ...parcel, items: [...parcel.items, item] }) },
    },
  );
}

/** Defines an order, which tells the parcel of its id. */
export function defineOrder(): OrderEntity {
  return defineEntity(
    OrderService,
    { name: "order", state: OrderSchema, event: OrderEventSchema },
    {
      commands: {
        place(_, { items, delayMs, tellId }, { entityId }) {
          let effect = persist({ case: "placed", value: { items } });
          for (const [index, item] of items.entries()) {
            effect = effect.tell(
              ParcelService.method.pack,
              { parcelId: entityId, item },
              { delayMs, ...(tellId !== "" && index === 0 ? { id: tellId } : {}) },
            );
          }
          return effect.reply((order) => ({ items: order.items.length }));
        },
        remind: (_, { item }, { entityId }) =>
          persist()
            .tell(ParcelService.method.pack, { parcelId: entityId, item })
            .reply(() => ({})),
        forgetOrder: (_, __, { entityId }) =>
          persist({ case: "orderForgotten", value: {} })
            .tell(ParcelService.method.pack, { parcelId: entityId, item: "farewell" })
            .forget()
            .reply(() => ({})),
        getOrder: ({ items }) => ({ items }),
      },
      events: {
        placed: (order, { items }) => ({ ...order, items: [...order.items, ...items] }),
        orderForgotten: () => ({ items: [] }),
      },
      forget: { placed: () => ({ items: [] }) },
    },
  );
}

/** One process that serves orders. */
export interface Orders {
  readonly host: EntityHost;
  place(this: void, orderId: string, items: readonly string[], options?: PlaceOptions): Promise<Message>;
  remind(this: void, orderId: string, item: string, commandId?: string): Promise<Message>;
  forget(this: void, orderId: string): Promise<Message>;
}

interface PlaceOptions {
  readonly commandId?: string;
  readonly delayMs?: number;
  readonly tellId?: string;
  readonly traceparent?: string;
}

/** Serves orders on a journal; it ends with the test. With "nobody" as its source its commands cannot tell. */
export function serveOrders(t: Test, journal: Journal, source = "shop"): Orders {
  const host = createEntityHost({
    entity: defineOrder(),
    journal,
    ...(source === "nobody" ? {} : { source }),
  });
  t.teardown(() => host[Symbol.dispose]());
  const ask = (
    command: string,
    request: Message & { readonly orderId: string },
    { commandId, traceparent }: PlaceOptions = {},
  ): Promise<Message> =>
    host.ask({
      command,
      entityId: request.orderId,
      request,
      commandId,
      client: () => {
        throw new Error("an order calls nobody");
      },
      signal: new AbortController().signal,
      requestHeader: new Headers(traceparent === undefined ? {} : { traceparent }),
    });
  return {
    host,
    place: (orderId, items, options = {}) => {
      const { delayMs = 0, tellId = "" } = options;
      return ask(
        "place",
        create(PlaceRequestSchema, { orderId, items: [...items], delayMs, tellId }),
        options,
      );
    },
    remind: (orderId, item, commandId) =>
      ask(
        "remind",
        create(RemindRequestSchema, { orderId, item }),
        commandId === undefined ? {} : { commandId },
      ),
    forget: (orderId) => ask("forgetOrder", create(ForgetOrderRequestSchema, { orderId })),
  };
}

/** A row of the outbox. */
export interface OutboxRow {
  readonly id: bigint;
  readonly slice: number;
  readonly stream: string;
  readonly subject: string;
  readonly message_id: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly due_in_ms: number | null;
}

/** What is in the outbox, in order. */
export async function outboxOf(sql: Sql): Promise<readonly OutboxRow[]> {
  return sql<OutboxRow[]>`
    select id, slice, stream, subject, message_id, key, headers, body,
      (extract(epoch from due_at - clock_timestamp()) * 1000)::float8 as due_in_ms
    from outbox order by id`;
}
