// samspel.v1.BackofficeService on a running service: K1 to K4.
import { Code } from "@connectrpc/connect";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { createClients } from "@samspel/runtime";
import {
  GetTellResponse_State,
  WorkState,
  type DeadLetter,
  type ProjectionStatus,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import t from "tap";
import { parkDeadLetter } from "../../../ts-runtime/src/topic/dead-letter.ts";
import { CounterService } from "../../gen/samspel/test/v1/counter_pb.ts";
import { testBroker } from "../../support/broker.ts";
import { natsUrl } from "../../support/environment.ts";
import { changedTopic, startFaultyService, type FaultyService } from "../../support/faulty-service.ts";
import { testTopicPrefix } from "../../support/isolation.ts";
import { recordingLogger } from "../../support/recording-logger.ts";
import { until } from "../../support/until.ts";

const registry = await startEmbeddedRegistry();
t.teardown(() => registry.close());
const registryUrl = registry.url;
const watcher = { topic: changedTopic, group: "watcher" };

async function lettersOf({ backoffice }: FaultyService): Promise<readonly DeadLetter[]> {
  return (await backoffice.listDeadLetters({ group: "watcher" })).deadLetters;
}

async function sumsOf({ backoffice }: FaultyService): Promise<ProjectionStatus> {
  const [sums] = (await backoffice.listProjections({})).projections;
  if (sums === undefined) throw new Error("no projection");
  return sums;
}

t.test("topics, publications, leases, tells and the outbox of a service are shown", async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { backoffice } = on;
  await on.countUp("a", 3);
  await until("all are handled", () => on.handled.length === 3);
  const { topics } = await backoffice.listTopics({});
  t.match(topics, [
    {
      name: changedTopic,
      messageType: "samspel.test.v1.CounterChanged",
      live: false,
      partitions: 16,
      published: true,
      groups: ["watcher"],
    },
  ]);
  t.equal(topics[0]?.content?.messages, 3n, "without the fences of its publishers");
  await until("the publication has saved its places", async () => {
    const [publication] = (await backoffice.listPublications({})).publications;
    return (
      publication?.topic === changedTopic && publication.lag?.count === 0n && publication.parts.length === 16
    );
  });
  const { leases } = await backoffice.listLeases({});
  t.ok(leases.length > 16, "of the publication and of the projection");
  t.ok(leases.every(({ owner, epoch }) => owner.startsWith("faulty@") && epoch > 0n));
  t.match(await backoffice.listTells({}), { queues: [{ service: "samspel.test.v1.CounterService" }] });
  t.match(await backoffice.getOutbox({}), { streams: [], capped: false });
});

t.test("a dead letter is listed, looked at, replayed and dropped", { timeout: 60_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { backoffice, unhandled } = on;
  for (const value of [2n, 3n, 4n]) unhandled.add(value);
  await on.countUp("a", 5);
  await until("three are parked", async () => (await lettersOf(on)).length === 3);
  const [first, second, third] = await lettersOf(on);
  t.match(first, {
    ...watcher,
    key: "a",
    messageType: "samspel.test.v1.CounterChanged",
    attempts: 2,
    error: /the handler cannot bear 2/,
  });
  await until("the key has gone on", () => on.handled.length === 2);
  t.same(on.handled, ["a 1", "a 5"]);

  const id = first?.id ?? "";
  const letter = await backoffice.getDeadLetter({ id });
  t.same(letter.message, { counterId: "a", value: "2", delta: "1" }, "decoded");
  t.equal(letter.headers["ce-source"], "/samspel/faulty");
  t.equal(letter.history.length, 2);

  t.match(await backoffice.replayDeadLetter({ id }), { error: /cannot bear 2/ }, "a failure is an answer");
  t.match(await backoffice.getDeadLetter({ id }), { deadLetter: { attempts: 3 } });
  unhandled.delete(2n);
  t.match(await backoffice.replayDeadLetter({ id }), { error: "" });
  t.equal(on.handled.at(-1), "a 2");
  await t.rejects(backoffice.getDeadLetter({ id }), { code: Code.NotFound });

  await backoffice.dropDeadLetter({ id: second?.id ?? "" });
  t.same(
    (await lettersOf(on)).map((each) => each.id),
    [third?.id],
  );
  await t.rejects(backoffice.getDeadLetter({ id: "x" }), {
    code: Code.InvalidArgument,
    message: /^.*id must be/,
  });
});

t.test(
  "all dead letters of a group are replayed with their progress, and dropped",
  { timeout: 60_000 },
  async (t) => {
    const on = await startFaultyService(t, { registryUrl });
    const { backoffice, unhandled } = on;
    for (const value of [1n, 2n, 3n, 4n]) unhandled.add(value);
    await on.countUp("a", 4);
    await until("four are parked", async () => (await lettersOf(on)).length === 4);
    const pages = [await backoffice.listDeadLetters({ limit: 3 })];
    pages.push(await backoffice.listDeadLetters({ limit: 3, pageToken: pages[0]?.nextPageToken ?? "" }));
    t.same(
      pages.map(({ deadLetters }) => deadLetters.length),
      [3, 1],
    );
    unhandled.delete(1n);
    unhandled.delete(3n);
    const steps: string[] = [];
    for await (const { succeeded, failed, total, error } of backoffice.replayDeadLetters({
      group: "watcher",
    })) {
      steps.push(`${succeeded}+${failed}/${total} ${error === "" ? "" : "failed"}`.trim());
    }
    t.same(steps, ["1+0/4", "1+1/4 failed", "2+1/4", "2+2/4 failed"]);
    t.match(await backoffice.dropDeadLetters({ group: "watcher" }), { dropped: 2n });
    t.equal((await lettersOf(on)).length, 0);
    await t.rejects(backoffice.dropDeadLetters({ group: "nobody" }), {
      code: Code.NotFound,
      message: /no group nobody: it has watcher of /,
    });
  },
);

t.test("dead letters of another service are neither seen nor touched", async (t) => {
  const topicPrefix = testTopicPrefix(t);
  const on = await startFaultyService(t, { registryUrl, topicPrefix });
  const broker = await testBroker(t, { prefix: topicPrefix });
  await parkDeadLetter(broker, {
    group: "watcher",
    topic: "other.v1.Topics.Secret",
    message: {
      stream: "other",
      sequence: 1,
      subject: "other.0",
      data: new Uint8Array([1]),
      rawHeaders: undefined,
    },
    error: new Error("theirs"),
    attempts: 1,
    history: [],
  });
  t.same((await on.backoffice.listDeadLetters({})).deadLetters, []);
  await t.rejects(on.backoffice.getDeadLetter({ id: "1" }), {
    code: Code.NotFound,
    message: /another service's/,
  });
  await t.rejects(on.backoffice.dropDeadLetter({ id: "1" }), { code: Code.NotFound });
  const { state } = await broker.manager.streams.info(`${topicPrefix}dead_letters`);
  t.equal(state.messages, 1);
});

t.test("a subscription is paused, resumed and reset", { timeout: 60_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { backoffice } = on;
  await on.countUp("a", 2);
  await until("two are handled", () => on.handled.length === 2);
  await backoffice.pauseSubscription(watcher);
  await until("it is paused", async () => {
    const [status] = (await backoffice.listSubscriptions({})).subscriptions;
    return status?.state === WorkState.PAUSED;
  });
  await on.countUp("a", 2);
  await until("they wait", async () => {
    const [status] = (await backoffice.listSubscriptions(watcher)).subscriptions;
    return status?.lag?.count === 2n && status.lag.age !== undefined;
  });
  t.equal(on.handled.length, 2);
  await backoffice.resumeSubscription(watcher);
  await until("all are handled", () => on.handled.length === 4);
  const [status] = (await backoffice.listSubscriptions({})).subscriptions;
  t.match(status, { ...watcher, state: WorkState.RUNNING, members: [/^faulty /] });
  t.equal(status?.parts.length, 16);

  on.handled.length = 0;
  await backoffice.resetSubscription({ ...watcher, to: { case: "beginning", value: true } });
  await until("all came again", () => on.handled.length === 4, 20_000);
  t.same(on.handled, ["a 1", "a 2", "a 3", "a 4"]);
  await t.rejects(backoffice.resetSubscription(watcher), {
    code: Code.InvalidArgument,
    message: /one of beginning/,
  });
  await t.rejects(backoffice.pauseSubscription({ ...watcher, group: "nobody" }), {
    code: Code.NotFound,
    message: /no subscription nobody of .*: it has watcher of /,
  });
});

t.test("a projection is paused, resumed, reset and rebuilt", { timeout: 90_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { backoffice } = on;
  await on.countUp("a", 2);
  const isLevel = async (): Promise<boolean> => (await sumsOf(on)).builds[0]?.lag?.count === 0n;
  await until("it has applied them", isLevel);
  await backoffice.pauseProjection({ name: "sums" });
  await on.countUp("a", 2);
  t.match(await sumsOf(on), {
    name: "sums",
    state: WorkState.PAUSED,
    entityTypes: ["counter"],
    builds: [{ serving: true, lag: { count: 2n, estimated: false } }],
  });
  await backoffice.resumeProjection({ name: "sums" });
  await until("it has caught up", isLevel);
  t.equal((await sumsOf(on)).state, WorkState.RUNNING);
  await backoffice.resetProjection({ name: "sums", to: { case: "beginning", value: true } });
  await until("it has caught up again", isLevel);
  const before = (await sumsOf(on)).builds[0]?.version;
  await backoffice.rebuildProjection({ name: "sums" });
  await until(
    "it was rebuilt",
    async () => {
      const { builds } = await sumsOf(on);
      return builds.length === 1 && (await isLevel());
    },
    30_000,
  );
  t.equal((await sumsOf(on)).builds[0]?.version, before);
  await t.rejects(backoffice.pauseProjection({ name: "nothing" }), {
    code: Code.NotFound,
    message: /no projection "nothing": it has sums/,
  });
  await t.rejects(backoffice.resetProjection({ name: "sums", to: { case: "position", value: "x" } }), {
    code: Code.InvalidArgument,
  });
});

t.test("parked events are listed, tried again and dropped", { timeout: 60_000 }, async (t) => {
  const on = await startFaultyService(t, { registryUrl });
  const { backoffice, unapplied, counters } = on;
  unapplied.add(7n);
  for (const counterId of ["a", "b", "c"]) await counters.increment({ counterId, amount: 7n });
  const parked = async () => (await backoffice.listParkedEvents({ projection: "sums" })).parkedEvents;
  await until("all are parked", async () => (await parked()).length === 3);
  const [first] = await parked();
  t.match(first, { id: "counter/1/a", entityId: "a", revision: 1n, error: /cannot bear 7/, blocked: false });
  const page = await backoffice.listParkedEvents({ projection: "sums", limit: 2 });
  const rest = await backoffice.listParkedEvents({ projection: "sums", pageToken: page.nextPageToken });
  t.same([page.parkedEvents.length, rest.parkedEvents.map(({ id }) => id)], [2, ["counter/1/c"]]);

  t.match(await backoffice.dropParkedEvents({ projection: "sums", id: "counter/1/b" }), { dropped: 1n });
  unapplied.delete(7n);
  t.match(await backoffice.retryParkedEvents({ projection: "sums" }), { asked: 2n });
  await until("they are applied", async () => (await parked()).length === 0, 20_000);
  t.equal((await sumsOf(on)).builds[0]?.parked, 0n);
});

t.test("what became of a tell is shown by its token", { timeout: 60_000 }, async (t) => {
  const topicPrefix = testTopicPrefix(t);
  const on = await startFaultyService(t, { registryUrl, topicPrefix });
  await on.countUp("a", 2);
  const registry = createRegistry({ url: registryUrl });
  await using _ = registry;
  await using clients = createClients({ registry, natsUrl: natsUrl(), topicPrefix });
  const receipt = await clients.client(CounterService).tell.reset({ counterId: "a" });
  await receipt.reply({ timeoutMs: 30_000 });
  t.match(await on.backoffice.getTell({ token: String(receipt) }), {
    state: GetTellResponse_State.REPLIED,
    service: "samspel.test.v1.CounterService",
    method: "Reset",
    id: receipt.id,
    reply: {},
  });
  await until("it is behind the handlers", async () => {
    const [queue] = (await on.backoffice.listTells({})).queues;
    return queue?.lag?.count === 0n && queue.parts.length === 16 && queue.deadLetters === 0n;
  });
  await t.rejects(on.backoffice.getTell({ token: "junk" }), { code: Code.InvalidArgument });
});

t.test("a change is told in the log, with who asked for it", async (t) => {
  const { logger, lines } = recordingLogger();
  const on = await startFaultyService(t, { registryUrl, logger });
  await on.backoffice.listProjections({});
  await on.backoffice.pauseProjection({ name: "sums" }, { headers: { "samspel-operator": "anna%40desk" } });
  const told = lines.filter(({ message }) => message.startsWith("backoffice:"));
  t.match(told, [
    {
      method: "PauseProjection",
      request: { name: "sums" },
      operator: "anna@desk",
      caller: /^127\.0\.0\.1:\d+$/,
    },
  ]);
});

t.test("the backoffice is off where it is told so, and warns where others may reach it", async (t) => {
  const off = await startFaultyService(t, { registryUrl, backoffice: false });
  await t.rejects(off.backoffice.listTopics({}), { code: Code.Unimplemented });
  const { logger, lines } = recordingLogger();
  await startFaultyService(t, { registryUrl, host: "0.0.0.0", name: "open", logger });
  t.ok(lines.some(({ message }) => message.startsWith("THE BACKOFFICE IS ON")));
});
