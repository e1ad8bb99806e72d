// Background work of a fake service: what it tells of itself, and what can be done with it.
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  GetTellResponse_State,
  WorkState,
  type BackofficeService,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { duration, time } from "./time.ts";
import { startedAt } from "./shop.ts";
import { callTraceId } from "./traces.ts";

const topicName = "cart.v1.CartTopics.CheckedOut";

function parts(
  service: string,
  count: number,
  lag = 0,
): { number: number; owner: string; lag: { count: bigint } }[] {
  return Array.from({ length: count }, (_, number) => ({
    number,
    owner: `${service}-${number % 2}`,
    lag: { count: BigInt(number % 3 === 0 ? lag : 0) },
  }));
}

/** One for each service, with a memory of its own. */
export function fakeBackoffice(service: string): Partial<ServiceImpl<typeof BackofficeService>> {
  let paused = false;
  let projectionPaused = false;
  let letters = service === "popular-items" ? ["101", "102", "103"] : service === "cart" ? ["201"] : [];
  let parked = service === "popular-items" ? ["p1", "p2"] : [];
  let lastReset = "";
  const isCart = service === "cart";
  const letterOf = (id: string) => ({
    id,
    group: isCart ? "handler" : service,
    topic: isCart ? "tell.cart.v1.CartService" : topicName,
    messageId: `m-${id}`,
    key: `cart-${id}`,
    messageType: isCart ? "cart.v1.AddItemRequest" : "cart.v1.CartCheckedOut",
    error: "INTERNAL: division by zero in rank()",
    attempts: 8,
    parkedAt: time(startedAt + Number(id) * 100),
  });
  const need = (id: string): void => {
    if (!letters.includes(id)) throw new ConnectError(`there is no dead letter ${id}`, Code.NotFound);
  };
  const gone = (id: string): void => {
    letters = letters.filter((one) => one !== id);
  };
  return {
    listTopics: () => ({
      topics: [
        {
          name: topicName,
          messageType: "cart.v1.CartCheckedOut",
          partitions: 16,
          published: isCart,
          groups: isCart ? [] : [service],
          content: {
            messages: 4218n,
            bytes: 912_344n,
            firstSequence: 1n,
            lastSequence: 4240n,
            lastTime: time(Date.now() - 4000),
          },
        },
        ...(isCart
          ? [
              {
                name: "cart.v1.CartTopics.Viewing",
                messageType: "cart.v1.Viewer",
                live: true,
                partitions: 1,
                published: true,
              },
            ]
          : []),
      ],
    }),
    listSubscriptions: () => ({
      subscriptions: isCart
        ? []
        : [
            {
              topic: topicName,
              group: service,
              state: paused ? WorkState.PAUSED : WorkState.RUNNING,
              lag: lastReset === "beginning" ? { count: 4218n } : { count: 3n, age: duration(1800) },
              waiting: [
                { sequence: 4239n, key: "cart-77", attempts: 3, error: "UNAVAILABLE: the database is away" },
              ],
              deadLetters: BigInt(letters.length),
              parts: parts(service, 16, 3),
              members: [`${service}-0`, `${service}-1`],
            },
          ],
    }),
    pauseSubscription: () => {
      paused = true;
      return {};
    },
    resumeSubscription: () => {
      paused = false;
      return {};
    },
    resetSubscription: ({ to }) => {
      lastReset = to.case ?? "";
      return {};
    },
    listDeadLetters: () => ({ deadLetters: letters.map(letterOf) }),
    getDeadLetter: ({ id }) => {
      need(id);
      return {
        deadLetter: letterOf(id),
        message: { cartId: `cart-${id}`, items: { apple: 2, pear: 1 } },
        headers: { "ce-id": `m-${id}`, traceparent: `00-${callTraceId}-00f067aa0ba902b7-01` },
        history: [1, 2].map((turn) => ({
          time: time(startedAt + turn * 900),
          error: "division by zero in rank()",
        })),
      };
    },
    replayDeadLetter: ({ id }) => {
      need(id);
      // The last one never succeeds.
      if (id === "103") return { error: "INTERNAL: division by zero in rank()" };
      gone(id);
      return {};
    },
    async *replayDeadLetters() {
      const total = BigInt(letters.length);
      let [succeeded, failed] = [0n, 0n];
      const all = letters;
      for (const id of all) {
        if (id === "103") failed++;
        else {
          gone(id);
          succeeded++;
        }
        yield { id, succeeded, failed, total };
      }
    },
    dropDeadLetter: ({ id }) => {
      gone(id);
      return {};
    },
    dropDeadLetters: () => {
      const dropped = BigInt(letters.length);
      letters = [];
      return { dropped };
    },
    listTells: () => ({
      queues: isCart
        ? [
            {
              service: "cart.v1.CartService",
              lag: { count: 2n, age: duration(640) },
              waiting: [
                { sequence: 18n, key: "cart-31", attempts: 2, error: "UNAVAILABLE: inventory is away" },
              ],
              deadLetters: BigInt(letters.length),
              parts: parts(service, 8, 2),
            },
          ]
        : [],
    }),
    getTell: ({ token }) =>
      token === "receipt-1" && isCart
        ? {
            state: GetTellResponse_State.REPLIED,
            service: "cart.v1.CartService",
            method: "AddItem",
            id: "t-1",
            reply: { items: { apple: 2 } },
          }
        : { state: GetTellResponse_State.UNKNOWN },
    getOutbox: () => ({
      streams: isCart
        ? [
            {
              stream: "topic.cart_v1_CartTopics_CheckedOut",
              due: 1n,
              delayed: 4n,
              oldestAge: duration(320),
            },
          ]
        : [],
    }),
    listProjections: () => ({
      projections:
        service === "popular-items"
          ? [
              {
                name: "popular-items",
                state: projectionPaused ? WorkState.PAUSED : WorkState.RUNNING,
                entityTypes: ["cart"],
                builds: [
                  {
                    version: 3n,
                    serving: true,
                    lag: { count: 0n },
                    eventsPerSecond: 84n,
                    parked: BigInt(parked.length),
                    parts: parts(service, 16),
                  },
                  {
                    version: 4n,
                    lag: { count: 21_840n, estimated: true, age: duration(5_400_000) },
                    eventsPerSecond: 3120n,
                    parts: parts(service, 16, 900),
                  },
                ],
              },
            ]
          : [],
    }),
    pauseProjection: () => {
      projectionPaused = true;
      return {};
    },
    resumeProjection: () => {
      projectionPaused = false;
      return {};
    },
    rebuildProjection: () => ({}),
    listParkedEvents: () => ({
      parkedEvents: parked.map((id) => ({
        id,
        entityType: "cart",
        entityId: id === "p1" ? "cart-17" : "cart-18",
        revision: 1n,
        error: "value out of range for type integer",
        attempts: 4,
        failedAt: time(startedAt),
      })),
    }),
    retryParkedEvents: ({ id }) => {
      parked = parked.filter((one) => id !== "" && one !== id);
      return { asked: 1n };
    },
    dropParkedEvents: ({ id }) => {
      parked = parked.filter((one) => id !== "" && one !== id);
      return { dropped: 1n };
    },
  };
}
