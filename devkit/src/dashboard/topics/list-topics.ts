// The topics of the system: those that services declare, and those that have a stream; with the groups that read them by
// durable consumers.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  ListTopicsResponseSchema,
  SystemTopicSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import {
  WorkState,
  type LagSchema,
  type SubscriptionStatusSchema,
} from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import {
  contentOf,
  deadLettersOf,
  durableGroups,
  keptTopics,
  type DurableGroup,
  type DurablePart,
  type KeptTopic,
} from "../../topics/index.ts";
import type { FoundMethod } from "../methods/index.ts";
import { durationOf, timestampOf } from "../time.ts";
import { topicMethods, type TopicsContext } from "./find-topic.ts";
import { notReached, type DashboardNats } from "./nats.ts";

/** @throws ConnectError UNAVAILABLE where NATS does not answer. */
export async function listTopics(
  context: TopicsContext,
  asked: string,
): Promise<MessageInitShape<typeof ListTopicsResponseSchema>> {
  const { nats } = context;
  const declared = await topicMethods(context);
  const kept = nats === undefined ? [] : await keptOf(nats);
  const streams = new Map(kept.map((topic) => [topic.name, topic]));
  const names = [...new Set([...declared.keys(), ...streams.keys()])].toSorted();
  const topics = names
    .filter((name) => asked === "" || name === asked)
    .map((name) => topicMessage(name, { found: declared.get(name), kept: streams.get(name), nats }));
  return { topics: await Promise.all(topics).catch(fail) };
}

function keptOf(nats: DashboardNats): Promise<readonly KeptTopic[]> {
  return nats.connection().then((connection) => keptTopics(connection, nats.prefix).catch(fail));
}

function fail(error: unknown): never {
  throw notReached(error);
}

async function topicMessage(
  name: string,
  {
    found,
    kept,
    nats,
  }: {
    readonly found: FoundMethod | undefined;
    readonly kept: KeptTopic | undefined;
    readonly nats: DashboardNats | undefined;
  },
): Promise<MessageInitShape<typeof SystemTopicSchema>> {
  const facts = { name, messageType: found?.facts.output ?? "", live: found?.facts.live ?? false };
  const publishers = found === undefined ? [] : [...found.services].toSorted();
  if (kept === undefined || nats === undefined) return { topic: facts, publishers };
  const connection = await nats.connection();
  const [content, groups] = await Promise.all([
    contentOf(connection, nats.prefix, kept),
    durableGroups(connection, nats.prefix, kept),
  ]);
  const statuses = groups.map(async (group) => {
    const letters = await deadLettersOf(connection, nats.prefix, { group: group.group, topic: name });
    return statusMessage(name, group, letters);
  });
  return {
    topic: {
      ...facts,
      partitions: kept.partitions,
      ...(content === undefined
        ? {}
        : {
            content: {
              messages: BigInt(content.messages),
              bytes: BigInt(content.bytes),
              firstSequence: BigInt(content.firstSequence),
              lastSequence: BigInt(content.lastSequence),
              ...(content.times === undefined
                ? {}
                : {
                    firstTime: timestampOf(content.times.first.getTime()),
                    lastTime: timestampOf(content.times.last.getTime()),
                  }),
            },
          }),
    },
    publishers,
    groups: await Promise.all(statuses),
  };
}

function statusMessage(
  topic: string,
  { group, parts }: DurableGroup,
  deadLetters: number,
): MessageInitShape<typeof SubscriptionStatusSchema> {
  return {
    topic,
    group,
    // Nobody can pause it; whether a program is there is seen by who asks for messages.
    state: parts.some(({ isRead }) => isRead) ? WorkState.RUNNING : WorkState.UNSPECIFIED,
    lag: lagOf(parts),
    waiting: parts.flatMap(({ oldest, failures }) =>
      oldest === undefined || failures === 0
        ? []
        : [
            {
              sequence: BigInt(oldest.sequence),
              key: oldest.key,
              attempts: failures,
              error: "its program's log says why",
            },
          ],
    ),
    deadLetters: BigInt(deadLetters),
    parts: parts.map((part) => ({
      number: part.partition,
      owner: part.isRead ? group : "",
      position: String(part.position),
      lag: lagOf([part]),
    })),
  };
}

function lagOf(parts: readonly DurablePart[]): MessageInitShape<typeof LagSchema> {
  const count = parts.reduce((sum, { pending }) => sum + pending, 0);
  const times = parts.flatMap(({ oldest }) => oldest?.storedAt.getTime() ?? []);
  return {
    count: BigInt(count),
    ...(times.length === 0 ? {} : { age: durationOf(Date.now() - Math.min(...times)) }),
  };
}
