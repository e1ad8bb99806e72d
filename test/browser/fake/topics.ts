// Topics as the dashboard's server tells of them: messages that come, groups of durable consumers, a form for one more.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  TopicMessageSchema,
  type DashboardService,
  type TopicMessage,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { WorkState } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { setTimeout as sleep } from "node:timers/promises";
import { checkedOutSchema } from "./methods.ts";
import { startedAt } from "./shop.ts";
import { duration, time } from "./time.ts";
import { callTraceId } from "./traces.ts";

type Methods = Pick<
  ServiceImpl<typeof DashboardService>,
  "listTopics" | "describeTopic" | "publishMessage" | "watchTopic"
>;

/** Topics that a test can flood. */
export interface FakeTopics {
  readonly methods: Methods;
  /** Has so many messages come at once to each page that watches. */
  readonly flood: (count: number) => void;
}

const checkedOut = "cart.v1.CartTopics.CheckedOut";
const messageMs = 150;
const atOnce = 500;
const partitions = 16;

export function createFakeTopics(ended: AbortSignal): FakeTopics {
  const stored: TopicMessage[] = [];
  let flood = 0;
  const store = (
    key: string,
    message: string,
    more: Omit<MessageInitShape<typeof TopicMessageSchema>, "$typeName"> = {},
  ): TopicMessage => {
    const number = stored.length + 1;
    const id = `cart/${key}/${number}`;
    const made = create(TopicMessageSchema, {
      sequence: BigInt(4_000 + number),
      partition: number % partitions,
      time: time(startedAt + number * messageMs),
      key,
      id,
      type: "cart.v1.CartCheckedOut",
      headers: { "ce-id": id, "ce-source": "/samspel/cart", "ce-type": "cart.v1.CartCheckedOut" },
      message,
      traceId: callTraceId,
      ...more,
    });
    stored.push(made);
    return made;
  };
  const next = (): void => {
    const number = stored.length + 1;
    store(`cart-${number}`, JSON.stringify({ cartId: `cart-${number}`, items: { apple: number } }));
  };
  for (let number = 0; number < 5; number++) next();
  store("cart-6", "", { message: "", problem: "no cart.v1.CartCheckedOut (premature EOF): 3 bytes" });

  const parts = (pending: number, owner: string) =>
    Array.from({ length: partitions }, (_, number) => ({
      number,
      owner,
      position: "4100",
      lag: { count: BigInt(number === 3 ? pending : 0) },
    }));
  const durable = (group: string, pending: number, more: object = {}) => ({
    topic: checkedOut,
    group,
    state: WorkState.RUNNING,
    lag: { count: BigInt(pending), ...(pending === 0 ? {} : { age: duration(2_400) }) },
    parts: parts(pending, group),
    ...more,
  });

  return {
    flood: (count) => {
      flood += count;
    },
    methods: {
      listTopics: ({ topic }) => ({
        topics: [
          {
            topic: { name: checkedOut, messageType: "cart.v1.CartCheckedOut", partitions },
            publishers: ["cart"],
            groups: [
              durable("inventory", 0),
              durable("shipping", 12, {
                waiting: [
                  { sequence: 4103n, key: "cart-31", attempts: 2, error: "its program's log says why" },
                ],
              }),
              durable("billing", 40, { state: WorkState.UNSPECIFIED, parts: parts(40, ""), deadLetters: 2n }),
            ],
          },
          {
            topic: {
              name: "billing.v1.BillingTopics.Invoiced",
              messageType: "billing.v1.Invoiced",
              partitions: 4,
              content: { messages: 12n, bytes: 2_000n, lastTime: time(startedAt) },
            },
            publishers: ["billing"],
          },
        ].filter((each) => topic === "" || each.topic.name === topic),
      }),
      describeTopic: ({ topic }) => {
        if (topic !== checkedOut) {
          throw new ConnectError(`No service that is registered serves ${topic}`, Code.NotFound);
        }
        return {
          messageType: "cart.v1.CartCheckedOut",
          keyField: "cartId",
          messageSchema: checkedOutSchema,
          messageTemplate: '{"cartId":"","items":{}}',
        };
      },
      publishMessage: ({ message, headers, id }) => {
        const { cartId = "" }: { cartId?: string } = JSON.parse(message);
        if (cartId === "cart-bad") throw new ConnectError("NATS does not answer", Code.Unavailable);
        const own = id === "" ? "made-up" : id;
        const { partition } = store(cartId, message, { id: own, headers: { "ce-id": own, ...headers } });
        return { id: own, key: cartId, partition, traceId: callTraceId };
      },
      async *watchTopic({ from, key }, { signal }) {
        yield {};
        const over = AbortSignal.any([signal, ended]);
        let at = from.case === undefined ? stored.length : 0;
        if (from.case === "afterSequence") at = Number(from.value) - 4_000;
        while (!over.aborted) {
          if (flood > 0) {
            for (; flood > 0; flood--) next();
          } else next();
          for (; at < stored.length; at += atOnce) {
            const messages = stored.slice(at, at + atOnce).filter((message) => message.key.includes(key));
            yield { messages };
          }
          at = stored.length;
          await sleep(messageMs, undefined, { signal: over }).catch(() => undefined);
        }
      },
    },
  };
}
