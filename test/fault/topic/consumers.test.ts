// Instances of a group as real processes: killed, frozen, and killed by what they handle (T2, T6).
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import { listDeadLetters, type Broker } from "../../../ts-runtime/src/topic/index.ts";
import { testBroker } from "../../support/broker.ts";
import { changed, publishAll } from "../../support/counter-topic.ts";
import { natsUrl } from "../../support/environment.ts";
import { startInstances, type ServiceInstance } from "../../support/service-instance.ts";
import { until } from "../../support/until.ts";

const main = join(import.meta.dirname, "fixtures/consumer-process.ts");
const patientMs = 90_000;
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

interface Handled {
  readonly key: string;
  readonly value: number;
  readonly pid: number;
  readonly attempt: number;
}

interface Group {
  readonly broker: Broker;
  readonly instances: readonly ServiceInstance[];
  readonly handled: () => Promise<readonly Handled[]>;
  readonly publish: (keys: readonly string[], values: readonly number[]) => Promise<void>;
}

async function startGroup(
  t: Test,
  count: number,
  env: Readonly<Record<string, string>> = {},
): Promise<Group> {
  const broker = await testBroker(t);
  const folder = await mkdtemp(join(tmpdir(), "samspel-consumers-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "handled");
  await writeFile(file, "");
  const { prefix } = broker;
  const instances = await startInstances(t, count, {
    main,
    env: { NATS_URL: natsUrl(), SAMSPEL_TOPIC_PREFIX: prefix, HANDLED_FILE: file, ...env },
  });
  return {
    broker,
    instances,
    async handled() {
      const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
      return lines.map((line) => {
        const [key = "", value, pid, attempt] = line.split(" ");
        return { key, value: Number(value), pid: Number(pid), attempt: Number(attempt) };
      });
    },
    publish: (keys, values) =>
      publishAll(
        broker,
        values.flatMap((value) => keys.map((key) => changed(prefix, key, value))),
      ),
  };
}

/** Nothing left out, and in order but for what was repeated. */
function isInOrder(handled: readonly Handled[], key: string, last: number): boolean {
  let high = 0;
  for (const { value } of handled.filter((one) => one.key === key)) {
    if (value > high + 1) return false;
    high = Math.max(high, value);
  }
  return high === last;
}

const reached = (handled: readonly Handled[], keys: readonly string[], last: number): boolean =>
  new Set(handled.filter(({ value }) => value === last).map(({ key }) => key)).size === keys.length;

t.test("an instance that is killed loses nothing; another goes on within seconds", async (t) => {
  const group = await startGroup(t, 2);
  const keys = range(1, 30).map((n) => `key-${n}`);
  await group.publish(keys, range(1, 40));
  await until(
    "both are at work",
    async () => new Set((await group.handled()).map(({ pid }) => pid)).size === 2,
    patientMs,
  );
  await group.instances[0]?.kill();
  const killedAt = performance.now();
  await group.publish(keys, range(41, 60));
  await until("all are handled", async () => reached(await group.handled(), keys, 60), patientMs);
  t.comment(`handled ${Math.round(performance.now() - killedAt)} ms after the kill`);
  const handled = await group.handled();
  t.same(
    keys.filter((key) => !isInOrder(handled, key, 60)),
    [],
    "in order, and nothing left out",
  );
  const doubles = handled.length - 30 * 60;
  t.ok(doubles <= 600, `what was under way came twice, no more: ${doubles}`);
});

t.test("an instance that was frozen begins nothing when it wakes up, as another has gone on", async (t) => {
  const group = await startGroup(t, 2, { WORK_MS: "5" });
  const keys = range(1, 30).map((n) => `key-${n}`);
  await group.publish(keys, range(1, 100));
  await until(
    "both are at work",
    async () => new Set((await group.handled()).map(({ pid }) => pid)).size === 2,
    patientMs,
  );
  const [frozen] = group.instances;
  if (frozen === undefined) throw new Error("no instance");
  frozen.freeze();
  await until(
    "the other one has handled all",
    async () => reached(await group.handled(), keys, 100),
    patientMs,
  );
  const before = (await group.handled()).length;
  frozen.thaw();
  await group.publish(keys, range(101, 120));
  await until("all are handled", async () => reached(await group.handled(), keys, 120), patientMs);
  const handled = await group.handled();
  const late = handled.slice(before).filter(({ pid, value }) => pid === frozen.process.pid && value <= 100);
  // What its handlers were in the middle of ends; nothing further of that time begins.
  t.ok(late.length <= 16, `${late.length} of its handlers were in the middle`);
  t.same(
    keys.filter((key) => !isInOrder(handled, key, 120)),
    [],
  );
});

t.test("a message that kills its process again and again is found and parked", async (t) => {
  const group = await startGroup(t, 1, { KILLER: "1007" });
  const keys = range(1, 5).map((n) => `key-${n}`);
  const [instance] = group.instances;
  if (instance === undefined) throw new Error("no instance");
  await group.publish(keys, range(1, 3));
  await group.publish(["bad"], [1_007]);
  await group.publish(keys, range(4, 6));
  let deaths = 0;
  const revive = async (): Promise<void> => {
    for (;;) {
      const { exit } = await instance.process.ended;
      if (exit.type === "exited") return;
      deaths += 1;
      await instance.start();
    }
  };
  const reviving = revive();
  const { letters } = await until(
    "it is parked",
    async () => {
      const page = await listDeadLetters(group.broker);
      return page.letters.length > 0 ? page : undefined;
    },
    patientMs,
  );
  t.match(letters, [
    { key: "bad", attempts: 2, error: /process ended each time that the message was handled/ },
  ]);
  await until("the others are handled", async () => reached(await group.handled(), keys, 6), patientMs);
  t.ok(deaths >= 3 && deaths <= 8, `found after ${deaths} deaths`);
  await group.publish(["bad"], [1_008]);
  await until("its key goes on", async () => reached(await group.handled(), ["bad"], 1_008), patientMs);
  await instance.stop();
  await reviving;
});
