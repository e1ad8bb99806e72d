// Instances that share work over a real Postgres.
import t, { type Test } from "tap";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createCluster,
  rangeCount,
  type Cluster,
  type ClusterOptions,
  type HeldRange,
  type ShareOptions,
} from "../../../ts-runtime/src/cluster/index.ts";
import { startPosition } from "../../../ts-runtime/src/journal/index.ts";
import { openJournal, type JournalFixture, type Process } from "../../support/journal.ts";
import { silentLogger as logger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";

const long = 60_000;

interface Instance {
  readonly cluster: Cluster;
  /** What it works on now. */
  held(): readonly HeldRange[];
  /** How often the work began. */
  readonly runs: () => number;
  /** Stops the work in order. */
  stop(): Promise<void>;
}

/** Waits for the end of a run. */
const ended = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function join(
  t: Test,
  { database }: Process,
  name: string,
  options: Partial<ClusterOptions & ShareOptions> & {
    readonly work?: (held: readonly HeldRange[], signal: AbortSignal) => Promise<void>;
  } = {},
): Promise<Instance> {
  const cluster = createCluster({ database, instance: name, logger, ttlMs: long, ...options });
  const end = new AbortController();
  let current: readonly HeldRange[] = [];
  let runs = 0;
  const sharing = cluster.share({ name: "work", ...options, signal: end.signal }, async (held, signal) => {
    current = held;
    runs++;
    try {
      await (options.work ?? ((_, signal) => ended(signal)))(held, signal);
    } finally {
      current = [];
    }
  });
  const stop = async (): Promise<void> => {
    end.abort();
    await sharing;
  };
  t.teardown(async () => {
    await stop();
    await cluster[Symbol.asyncDispose]();
  });
  return { cluster, held: () => current, runs: () => runs, stop };
}

const sorted = (instances: readonly Instance[]): string =>
  instances
    .flatMap((instance) => instance.held().map(({ range }) => range))
    .toSorted((a, b) => a - b)
    .join();
const all = Array.from({ length: rangeCount }, (_, range) => range).join();

const balanced = (instances: readonly Instance[]): boolean =>
  sorted(instances) === all &&
  instances.every((instance) => {
    const count = instance.held().length;
    return count >= Math.floor(16 / instances.length) && count <= Math.ceil(16 / instances.length);
  });

t.test("share() gives one instance all ranges, and divides them anew as instances come and go", async (t) => {
  const on = await openJournal(t);
  const a = await join(t, on, "a");
  await until("one has all", () => balanced([a]));
  const b = await join(t, await on.open(), "b");
  await until("two have half each", () => balanced([a, b]));
  const c = await join(t, await on.open(), "c");
  await until("three have a third each", () => balanced([a, b, c]));
  const leases = await c.cluster.leases();
  t.equal(leases.length, rangeCount);
  t.same(
    [...new Set(leases.map(({ owner }) => owner))].toSorted(),
    [a, b, c].map(({ cluster }) => cluster.instance).toSorted(),
  );
  t.match(leases[0], { name: "work", range: 0, epoch: BigInt });

  // With leases of a minute, only an order to hand over can be so quick (L3).
  await b.stop();
  await until("the rest of them share at once", () => balanced([a, c]));
  await Promise.all([a.stop(), c.stop()]);
  t.same(await a.cluster.leases(), [], "nothing is left behind");
  const [row] = await on.database.sql<{ count: bigint }[]>`select count(*) from cluster_member`;
  t.equal(Number(row?.count), 0);
});

t.test("share() with one range runs the work on one instance at a time", async (t) => {
  const on = await openJournal(t);
  let running = 0;
  let most = 0;
  const epochs: bigint[] = [];
  const work = async (held: readonly HeldRange[], signal: AbortSignal): Promise<void> => {
    most = Math.max(most, ++running);
    epochs.push(...held.map(({ epoch }) => epoch));
    await ended(signal);
    running--;
  };
  const instances = [
    await join(t, on, "a", { ranges: 1, work }),
    await join(t, await on.open(), "b", { ranges: 1, work }),
    await join(t, await on.open(), "c", { ranges: 1, work }),
  ];
  for (let left = instances.length; left > 0; left--) {
    const holder = await until("one of them works", () => instances.find((one) => one.held().length > 0));
    await holder.stop();
    instances.splice(instances.indexOf(holder), 1);
  }
  t.equal(most, 1);
  t.same(
    epochs,
    epochs.toSorted((a, b) => Number(a - b)),
    "epochs grow (L1)",
  );
});

t.test("share() takes over from a crashed instance when its time is over", async (t) => {
  const on = await openJournal(t);
  const other = await on.open();
  let crashed = false;
  const crashing = {
    ...other.database,
    bounded: <T>(statement: Parameters<typeof other.database.bounded<T>>[0]): Promise<T> =>
      crashed ? new Promise<T>(() => {}) : other.database.bounded(statement),
  };
  const ttlMs = 2_000;
  const a = await join(t, on, "a", { ttlMs });
  // Its end never comes, so it is not one of the test's.
  const dead = createCluster({ database: crashing, instance: "dead", logger, ttlMs });
  let lost = false;
  let has = 0;
  void dead.share({ name: "work", signal: new AbortController().signal }, async (held, signal) => {
    has = held.length;
    await ended(signal);
    lost = true;
  });
  await until("both have half", () => a.held().length === 8 && has === 8);
  crashed = true;
  await until("the other one stops believing (L2)", () => lost);
  t.not(a.held().length, rangeCount, "before anybody takes over");
  await until("one has all", () => balanced([a]));
});

t.test("share() lets another instance try when the work fails (L4), and begins again alone", async (t) => {
  const on = await openJournal(t);
  let failures = 0;
  const failing = await join(t, on, "old", {
    work: async () => {
      failures++;
      throw new Error("planned");
    },
  });
  await until("it begins again and again", () => failures >= 3);
  const done = new Set<number>();
  await join(t, await on.open(), "new", {
    work: async (held, signal) => {
      for (const { range } of held) done.add(range);
      await ended(signal);
    },
  });
  await until("the other one gets to all ranges", () => done.size === rangeCount);
  await failing.stop();
});

t.test(
  "share() refuses a name that is shared already, as two runs would fight over its leases",
  async (t) => {
    const on = await openJournal(t);
    const { cluster } = await join(t, on, "a");
    const { signal } = new AbortController();
    await t.rejects(
      cluster.share({ name: "work", signal }, async () => {}),
      TypeError,
    );
  },
);

t.test("share() goes on when the database drops all connections", async (t) => {
  const on = await openJournal(t);
  const a = await join(t, on, "a", { ttlMs: 1_000 });
  await until("it has all", () => balanced([a]));
  const before = await latest(on);
  await on.database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = ${`samspel ${on.schema}`} and pid <> pg_backend_pid()`;
  await until("the leases were renewed since", async () => (await latest(on)) > before + 1_500);
  t.ok(balanced([a]));
});

async function latest({ database: { sql } }: JournalFixture): Promise<number> {
  const [row] = await sql<{ at: Date }[]>`select min(expires_at) as at from lease`;
  return row?.at.getTime() ?? 0;
}

t.test(
  "of two that believe, only the later epoch's writes count, whoever joins, leaves or freezes",
  async (t) => {
    const on = await openJournal(t);
    /** What was saved, in the order in which the database took it. */
    await on.database
      .sql`create table saved (n bigint generated always as identity, range int, epoch bigint, position bigint)`;
    const instances: { stop(): Promise<void>; freeze(frozen: boolean): void }[] = [];
    let counter = 0;
    let refused = 0;

    const start = async (): Promise<void> => {
      const process = await on.open();
      // A process that is frozen has a clock that stands still, and gets no answers. Its work goes on here, in order to be
      // as harmful as it can.
      let frozenAtMs: number | undefined;
      let thaw = Promise.withResolvers<void>();
      const database = {
        ...process.database,
        bounded: async <T>(statement: Parameters<typeof process.database.bounded<T>>[0]): Promise<T> => {
          if (frozenAtMs !== undefined) await thaw.promise;
          return process.database.bounded(statement);
        },
      };
      const cluster = createCluster({
        database,
        instance: `instance-${counter++}`,
        logger,
        ttlMs: 400,
        now: () => frozenAtMs ?? performance.now(),
      });
      const end = new AbortController();
      const sharing = cluster.share({ name: "work", signal: end.signal }, async (held, signal) => {
        const { checkpoints } = process.journal;
        const from = await checkpoints.claimRanges({ name: "work", held });
        const at = new Map([...from].map(([range, position]) => [range, position.sequence]));
        while (!signal.aborted) {
          await sleep(5);
          const positions = held.map(({ range, epoch }) => {
            const sequence = (at.get(range) ?? 0n) + 1n;
            at.set(range, sequence);
            return { range, epoch, position: { tx: 1n, sequence } };
          });
          await process.database.sql
            .begin(async (tx) => {
              await checkpoints.saveRanges(tx, { name: "work", positions });
              for (const { range, epoch, position } of positions)
                await tx`insert into saved (range, epoch, position) values (${range}, ${epoch}, ${position.sequence})`;
            })
            .catch((error: unknown) => {
              refused++;
              throw error;
            });
        }
      });
      sharing.catch(() => {});
      instances.push({
        freeze(frozen) {
          if (frozen) {
            frozenAtMs ??= performance.now();
            return;
          }
          frozenAtMs = undefined;
          thaw.resolve();
          thaw = Promise.withResolvers();
        },
        async stop() {
          this.freeze(false);
          end.abort();
          await sharing;
          await cluster[Symbol.asyncDispose]();
        },
      });
    };

    await start();
    await start();
    for (let round = 0; round < 12; round++) {
      const pick = instances[Math.floor(Math.random() * instances.length)];
      const dice = Math.random();
      if (dice < 0.3 && instances.length < 4) await start();
      else if (dice < 0.45 && instances.length > 1 && pick !== undefined) {
        instances.splice(instances.indexOf(pick), 1);
        await pick.stop();
      } else {
        pick?.freeze(true);
        await sleep(700);
        pick?.freeze(false);
      }
      await sleep(100);
    }
    // One that is frozen for certain, while another one takes its ranges.
    if (instances.length < 2) await start();
    const [frozen] = instances;
    frozen?.freeze(true);
    await until("a frozen one was refused", () => refused > 0);
    await Promise.all(instances.map((instance) => instance.stop()));

    const rows = await on.database.sql<{ range: number; epoch: bigint; position: bigint }[]>`
    select range, epoch, position from saved order by range, n`;
    t.ok(rows.length > 100, `${rows.length} saves, ${refused} refused`);
    let wrong = 0;
    for (const [index, row] of rows.entries()) {
      const before = rows[index - 1];
      if (before === undefined || before.range !== row.range) continue;
      if (row.epoch < before.epoch || row.position !== before.position + 1n) wrong++;
    }
    t.equal(wrong, 0, "each save goes on where the one before it ended");
    t.equal(new Set(rows.map(({ range }) => range)).size, rangeCount);
  },
);

t.test("checkpoints of ranges begin where the undivided work stood, and the other way round", async (t) => {
  const { journal, database } = await openJournal(t);
  const { checkpoints } = journal;
  const at = (sequence: bigint) => ({ tx: 5n, sequence });
  await checkpoints.claim({ name: "work", epoch: 1n });
  await checkpoints.save(database.sql, { name: "work", epoch: 1n, position: at(7n) });
  const held = [
    { range: 3, epoch: 1n },
    { range: 4, epoch: 2n },
  ];
  t.same(
    await checkpoints.claimRanges({ name: "work", held }),
    new Map([
      [3, at(7n)],
      [4, at(7n)],
    ]),
  );
  t.same(
    await checkpoints.claimRanges({ name: "new", held }),
    new Map([
      [3, startPosition],
      [4, startPosition],
    ]),
  );

  // All or nothing, in a single statement as well.
  const save = (positions: readonly { range: number; epoch: bigint; position: ReturnType<typeof at> }[]) =>
    database.bounded((sql) => checkpoints.saveRanges(sql, { name: "work", positions }));
  await save([{ range: 3, epoch: 1n, position: at(8n) }]);
  await t.rejects(
    save([
      { range: 3, epoch: 1n, position: at(9n) },
      { range: 4, epoch: 1n, position: at(9n) },
    ]),
    { code: "SAMSPEL_LEASE_LOST", message: /"work#4" to 5-9 under epoch 1 \(it is epoch 2 at 5-7\)/ },
  );
  await t.rejects(save([{ range: 3, epoch: 1n, position: at(7n) }]), { code: "SAMSPEL_LEASE_LOST" }, "K2");
  t.same(
    await checkpoints.loadRanges("work"),
    new Map([
      [3, at(8n)],
      [4, at(7n)],
    ]),
  );
  await t.rejects(checkpoints.claimRanges({ name: "work", held: [{ range: 4, epoch: 1n }] }), {
    code: "SAMSPEL_LEASE_LOST",
  });

  t.same(await checkpoints.claim({ name: "work", epoch: 2n }), at(7n), "not all ranges are known");
  const everywhere = Array.from({ length: rangeCount }, (_, range) => ({ range, epoch: 9n }));
  await checkpoints.claimRanges({ name: "work", held: everywhere });
  await save(everywhere.map(({ range, epoch }) => ({ range, epoch, position: at(20n + BigInt(range)) })));
  t.same(await checkpoints.claim({ name: "work", epoch: 3n }), at(20n), "the least of all");
});
