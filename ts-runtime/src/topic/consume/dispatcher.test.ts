import { array, assert, asyncProperty, constantFrom, integer, record } from "fast-check";
import t from "tap";
import { createLogger } from "../../telemetry/index.ts";
import type { Broker } from "../broker.ts";
import { Dispatcher } from "./dispatcher.ts";
import { measureGroup } from "./measures.ts";
import { resolveConsumer, type ConsumerOptions } from "./options.ts";
import { PartitionWork } from "./partition-work.ts";
import type { Received } from "./received.ts";

interface Plan {
  readonly key: string;
  /** So often its handler fails before it does not. */
  readonly failures: number;
  readonly end: "at once" | "later" | "much later";
}

const logger = createLogger({ service: "test", level: "silent" });

function receivedOf(sequence: number): Received {
  return {
    stream: "s",
    sequence,
    subject: "s.0",
    data: new Uint8Array(10),
    headers: new Map(),
    rawHeaders: undefined,
    storedAt: new Date(0),
  };
}

/** Runs messages through a dispatcher, and sees what its handlers see. */
async function run(
  plans: readonly Plan[],
  options: Partial<ConsumerOptions<Plan>> = {},
  { careful = 0, save = async () => {} }: { careful?: number; save?: () => Promise<void> } = {},
) {
  const begun: { key: string; sequence: number; attempt: number }[] = [];
  const parked: number[] = [];
  const busy = new Set<string>();
  const tries = new Map<number, number>();
  let running = 0;
  let most = 0;
  let overlaps = 0;
  const handle = (plan: Plan, sequence: number, attempt: number): unknown => {
    if (busy.has(plan.key)) overlaps += 1;
    begun.push({ key: plan.key, sequence, attempt });
    const failed = tries.get(sequence) ?? 0;
    tries.set(sequence, failed + 1);
    const end = (): void => {
      busy.delete(plan.key);
      running -= 1;
      if (failed < plan.failures) throw new Error("not yet");
    };
    busy.add(plan.key);
    running += 1;
    most = Math.max(most, running);
    if (plan.end === "at once") return end();
    return new Promise((resolve) => setTimeout(resolve, plan.end === "later" ? 0 : 2)).then(end);
  };
  const resolved = resolveConsumer<Plan>({
    // What a dispatcher does not look at.
    broker: {} as Broker,
    stream: "s",
    ensureStream: () => Promise.reject(new Error("not here")),
    name: "s",
    partitions: 1,
    subject: () => "s.0",
    group: "g",
    open: ({ sequence }) => {
      const value = plans[sequence - 1];
      if (value === undefined) throw new Error("cannot be read");
      return { key: value.key, value };
    },
    work: { type: "single", handle: (plan, { message, attempt }) => handle(plan, message.sequence, attempt) },
    concurrency: 3,
    retry: { initialMs: 1, maxMs: 1, maxAttempts: 3 },
    signal: new AbortController().signal,
    logger,
    ...options,
  });
  const progress = { resolve: () => {} };
  const dispatcher = new Dispatcher<Plan>({
    options: resolved,
    measures: measureGroup("g", "s"),
    mayBegin: () => true,
    fetch: async (sequence) => receivedOf(sequence),
    park: async (_, { sequence }) => void parked.push(sequence),
    save: () => save().then(() => true),
    touch: () => {},
    doubt: () => {},
    onProgress: () => progress.resolve(),
  });
  const entry = {
    owner: "me",
    epoch: 1,
    generation: 1,
    created: "then",
    position: 0,
    through: 0,
    undone: [],
  };
  const partition = new PartitionWork<Plan>(
    0,
    { ...entry, troubled: {}, crashes: { at: 0, count: 0 } },
    1,
    careful,
  );
  dispatcher.activate(partition);
  for (const index of plans.keys()) {
    partition.receive(index + 1);
    dispatcher.add(partition, receivedOf(index + 1), 100);
  }
  while (partition.undone.size > 0) {
    await new Promise<void>((resolve) => (progress.resolve = resolve));
  }
  dispatcher.close();
  return { begun, parked, overlaps, most, memory: dispatcher.memory, partition };
}

t.test(
  "Dispatcher hands out each key's messages in order, one at a time, whatever fails and when (D1)",
  async () => {
    const plan = record<Plan>({
      key: constantFrom("a", "b", "c", "d", "e"),
      failures: integer({ min: 0, max: 4 }).map((n) => Math.max(0, n - 1)),
      end: constantFrom("at once", "later", "much later"),
    });
    await assert(
      asyncProperty(array(plan, { minLength: 1, maxLength: 40 }), async (plans) => {
        const { begun, parked, overlaps, most, memory, partition } = await run(plans);
        if (overlaps > 0 || most > 3) return false;
        if (memory.messages !== 0 || memory.bytes !== 0) return false;
        if (partition.position !== plans.length || partition.troubled.size > 0 || partition.lanes.size > 0)
          return false;
        for (const key of new Set(plans.map((one) => one.key))) {
          const seen = begun.filter((one) => one.key === key).map(({ sequence }) => sequence);
          if (seen.some((sequence, index) => sequence < (seen[index - 1] ?? 0))) return false;
        }
        for (const [index, { failures }] of plans.entries()) {
          const attempts = begun
            .filter(({ sequence }) => sequence === index + 1)
            .map(({ attempt }) => attempt);
          const expected = Math.min(failures + 1, 3);
          if (attempts.join() !== Array.from({ length: expected }, (_, n) => n + 1).join()) return false;
          if (parked.includes(index + 1) !== failures >= 3) return false;
        }
        return true;
      }),
      { numRuns: 60 },
    );
  },
);

t.test("Dispatcher does not grow the stack by many messages that are done at once", async (t) => {
  const plans = Array.from({ length: 20_000 }, (_, index): Plan => ({
    key: `key-${index}`,
    failures: 0,
    end: index === 0 ? "later" : "at once",
  }));
  const { partition } = await run(plans, { concurrency: 1 });
  t.equal(partition.position, 20_000);
});

t.test("Dispatcher in careful times tries one message at a time, and afterwards many (D3)", async (t) => {
  const plan = (index: number): Plan => ({
    key: `k${index}`,
    failures: index % 3 === 0 ? 1 : 0,
    end: "later",
  });
  const plans = Array.from({ length: 20 }, (_, index) => plan(index));
  const { most, begun } = await run(plans, {}, { careful: 20 });
  t.equal(most, 1);
  t.same(
    begun.filter(({ sequence }) => sequence === 1).map(({ attempt }) => attempt),
    [1, 2],
    "attempts are counted as usual",
  );
  t.equal((await run(plans, {}, { careful: 10 })).most, 3);
});

t.test(
  "Dispatcher does not count attempts that never began, as they could not be written down (D3)",
  async (t) => {
    let failures = 10;
    const { begun, parked } = await run(
      [{ key: "a", failures: 2, end: "later" }],
      {},
      {
        careful: 3,
        save: async () => {
          if (failures-- > 0) throw new Error("no answer");
        },
      },
    );
    t.same(parked, []);
    t.same(
      begun.map(({ attempt }) => attempt),
      [1, 2, 3],
    );
  },
);
