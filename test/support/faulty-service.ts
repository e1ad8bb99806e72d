// A service whose background work fails on demand, for those who look after it: an entity, its topic, a subscription and a
// projection.
import { createClient, type Client } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  project,
  publish,
  startService,
  subscribe,
  type RunningService,
  type ServiceOptions,
} from "@samspel/runtime";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { Test } from "tap";
import { CounterService, CounterTopics } from "../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "./counter.ts";
import { databaseUrl, natsUrl } from "./environment.ts";
import { testSchema, testTopicPrefix } from "./isolation.ts";
import { silentLogger } from "./silent-logger.ts";

export const changedTopic = "samspel.test.v1.CounterTopics.Changed";

export interface FaultyService {
  readonly service: RunningService;
  readonly url: string;
  /** Values that the subscription does not handle. */
  readonly unhandled: Set<bigint>;
  /** Amounts that the projection does not apply. */
  readonly unapplied: Set<bigint>;
  /** `counter value`, in order. */
  readonly handled: string[];
  readonly counters: Client<typeof CounterService>;
  readonly backoffice: Client<typeof BackofficeService>;
  /** Adds to a counter, so many times one. */
  countUp(this: void, counterId: string, times: number): Promise<void>;
}

/** Starts it on a schema and a prefix of its own; it ends with the test. */
export async function startFaultyService(
  t: Test,
  options: Partial<ServiceOptions> & { readonly registryUrl: string },
): Promise<FaultyService> {
  const unhandled = new Set<bigint>();
  const unapplied = new Set<bigint>();
  const handled: string[] = [];
  const counter = defineCounter();
  const quick = { initialMs: 5, maxMs: 10 };
  const service = await startService({
    name: "faulty",
    databaseUrl: databaseUrl(),
    natsUrl: natsUrl(),
    schema: testSchema(t),
    topicPrefix: testTopicPrefix(t),
    ownsProcess: false,
    logger: silentLogger,
    entities: [counter],
    topics: [
      publish(CounterTopics.method.changed, counter, {
        incremented: ({ amount }, { entityId, state }) => ({
          counterId: entityId,
          value: state.value,
          delta: amount,
        }),
      }),
    ],
    subscriptions: [
      subscribe(CounterTopics.method.changed, {
        group: "watcher",
        retry: { ...quick, maxAttempts: 2 },
        handler({ counterId, value }) {
          if (unhandled.has(value)) throw new Error(`the handler cannot bear ${value}`);
          handled.push(`${counterId} ${value}`);
        },
      }),
    ],
    projections: [
      project("sums", counter, {
        setup: (sql) => sql`create table sums (id text primary key, value bigint not null)`,
        retry: { ...quick, maxAttempts: 2 },
        events: {
          incremented({ amount }, { sql, entityId }) {
            if (unapplied.has(amount)) throw new Error(`the projection cannot bear ${amount}`);
            return sql`
              insert into sums values (${entityId}, ${amount})
              on conflict (id) do update set value = sums.value + excluded.value`;
          },
        },
      }),
    ],
    ...options,
  });
  t.teardown(() => service.stop());
  const url = `http://127.0.0.1:${service.port}`;
  const transport = createGrpcTransport({ baseUrl: url });
  const counters = createClient(CounterService, transport);
  return {
    service,
    url,
    unhandled,
    unapplied,
    handled,
    counters,
    backoffice: createClient(BackofficeService, transport),
    async countUp(counterId, times) {
      for (let time = 0; time < times; time++) await counters.increment({ counterId, amount: 1n });
    },
  };
}
