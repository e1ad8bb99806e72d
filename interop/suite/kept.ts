// What is noted, consumed and parked on the other side.
import { randomUUID } from "node:crypto";
import { crc32 } from "node:zlib";
import { create, toBinary } from "@bufbuild/protobuf";
import { headers } from "nats";
import { until } from "../../test/support/until.ts";
import {
  HappenedEventSchema,
  type ConsumedEvent,
} from "../typescript/gen/samspel/scenario/v1/scenario_pb.ts";
import type { Stage, SuiteScenario } from "./direction.ts";
import { equal } from "./equal.ts";
import { createTrace, isOf } from "./trace.ts";

const keys = 20;
const numbers = 10;
const partitions = 4;
const topicName = "samspel.scenario.v1.ScenarioTopics.Happened";
const consumedMs = 30_000;

/** The driver's call belongs to the trace of Run. */
export const traceContext: SuiteScenario = async ({ drive, server }) => {
  const key = randomUUID();
  const trace = createTrace();
  await drive("trace-context", { key }, { trace });
  const { notes } = await server.scenario.notes({ key });
  equal("notes", notes.length, 1);
  equal(
    `traceparent ${notes[0]?.traceparent} is of ${trace.parent}`,
    isOf(trace, notes[0]?.traceparent ?? ""),
    true,
  );
};

/** What the driver publishes comes to the other side once, in order, with all that goes with it. */
export const topic: SuiteScenario = async (stage) => {
  const run = randomUUID();
  const trace = createTrace();
  await stage.drive("topic", { run }, { trace });
  const events = await consumed(stage, keys * numbers, ({ id }) => id.startsWith(run));
  const byKey = Map.groupBy(events, ({ event }) => event?.key ?? "");
  equal(
    "keys",
    [...byKey.keys()].toSorted(),
    Array.from({ length: keys }, (_, key) => `k-${key}`).toSorted(),
  );
  for (const [key, ofKey] of byKey) {
    const expected = Array.from({ length: numbers }, (_, index) => index + 1);
    equal(
      `order of ${key}`,
      ofKey.map(({ event }) => event?.number),
      expected,
    );
    equal(
      `ids of ${key}`,
      ofKey.map(({ id }) => id),
      expected.map((number) => `${run}/${key}/${number}`),
    );
  }
  const foreign = events.filter(
    ({ tenant, traceparent, source }) =>
      tenant !== "grün" || !isOf(trace, traceparent) || source !== `/samspel/${stage.driver.service}`,
  );
  equal(
    "tenant, source and trace",
    foreign.map(({ tenant, source, traceparent }) => [tenant, source, traceparent]),
    [],
  );
};

/** Waits for so many effects, and looks that there are no more. */
async function consumed(
  { server }: Stage,
  count: number,
  isOurs: (event: ConsumedEvent) => boolean,
): Promise<readonly ConsumedEvent[]> {
  const look = async (): Promise<readonly ConsumedEvent[]> =>
    (await server.scenario.consumed({})).events.filter(isOurs);
  await until(`${count} are consumed`, async () => (await look()).length >= count, consumedMs);
  const events = await look();
  equal("consumed", events.length, count);
  return events;
}

interface Publishing {
  readonly key: string;
  readonly number: number;
  readonly id: string;
  readonly messageId?: string;
  readonly poison?: boolean;
}

/** Publishes by the wire contract alone. */
async function publish(
  { ground }: Stage,
  { key, number, id, messageId = id, poison = false }: Publishing,
): Promise<void> {
  const own = headers();
  for (const [name, value] of Object.entries({
    "Nats-Msg-Id": messageId,
    "ce-specversion": "1.0",
    "ce-id": id,
    "ce-source": "/samspel/suite",
    "ce-type": HappenedEventSchema.typeName,
    "ce-time": new Date().toISOString(),
    "ce-subject": key,
    "ce-partitionkey": key,
    "content-type": "application/protobuf",
  })) {
    own.set(name, value);
  }
  const body = toBinary(HappenedEventSchema, create(HappenedEventSchema, { key, number, poison }));
  const subject = `${ground.topicPrefix}topic.${topicName}.${crc32(key) % partitions}`;
  await ground.nats.jetstream().publish(subject, body, { headers: own });
}

/** What is in the topic twice has its effect once. */
export const inbox: SuiteScenario = async (stage) => {
  const key = randomUUID();
  const id = `${key}/1`;
  await publish(stage, { key, number: 1, id, messageId: `${id}/first` });
  await publish(stage, { key, number: 1, id, messageId: `${id}/again` });
  await publish(stage, { key, number: 2, id: `${key}/2` });
  const events = await consumed(stage, 2, ({ event }) => event?.key === key);
  equal(
    "numbers",
    events.map(({ event }) => event?.number),
    [1, 2],
  );
};

/** What cannot be handled is parked, and its key goes on. */
export const deadLetter: SuiteScenario = async (stage) => {
  const key = randomUUID();
  await publish(stage, { key, number: 1, id: `${key}/1`, poison: true });
  await publish(stage, { key, number: 2, id: `${key}/2` });
  const events = await consumed(stage, 1, ({ event }) => event?.key === key);
  equal(
    "numbers",
    events.map(({ event }) => event?.number),
    [2],
  );
  const { ground } = stage;
  const manager = await ground.nats.jetstreamManager();
  const letter = await manager.streams.getMessage(`${ground.topicPrefix}dead_letters`, {
    last_by_subj: `${ground.topicPrefix}dead.scenario.${topicName}`,
  });
  equal("its id", letter.header.get("ce-id"), `${key}/1`);
  equal("its group", letter.header.get("Samspel-Group"), "scenario");
  equal("its attempts", letter.header.get("Samspel-Attempts"), "3");
  equal("it has its error", letter.header.get("Samspel-Error").length > 0, true);
};

/** What is told twice under one id is done once; the note has what travelled with it. */
export const tell: SuiteScenario = async ({ drive, server }) => {
  const key = randomUUID();
  const id = randomUUID();
  const trace = createTrace();
  await drive("tell", { key, id }, { trace });
  const { notes } = await server.scenario.notes({ key });
  equal(
    "notes",
    notes.map(({ text, commandId, tenant }) => [text, commandId, decodeURIComponent(tenant)]),
    [["told", id, "grün"]],
  );
  equal("its trace", isOf(trace, notes[0]?.traceparent ?? ""), true);
};
