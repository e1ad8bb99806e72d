// The topics that have a stream, whoever made it: also those whose services are away.
import { NatsError, type NatsConnection } from "nats";

/** A topic in its stream. */
export interface KeptTopic {
  readonly name: string;
  /** With the prefix. */
  readonly stream: string;
  readonly partitions: number;
}

/** What a topic holds. */
export interface TopicContent {
  /** Without the fences of publishers, which lie in the same stream. */
  readonly messages: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Undefined where there is no message. */
  readonly times: { readonly first: Date; readonly last: Date } | undefined;
}

const partitionsKey = "samspel-partitions";
const streamNotFound = 10_059;

/** All of them, by name. */
export async function keptTopics(connection: NatsConnection, prefix: string): Promise<readonly KeptTopic[]> {
  const manager = await connection.jetstreamManager();
  const topics: KeptTopic[] = [];
  for await (const { config } of manager.streams.list()) {
    const partitions = Number(config.metadata?.[partitionsKey] ?? "");
    const name = config.subjects
      .map((subject) => topicIn(subject, prefix))
      .find((each) => each !== undefined);
    if (name !== undefined && partitions > 0) topics.push({ name, stream: config.name, partitions });
  }
  return topics.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The topic whose messages have this pattern of subjects. */
function topicIn(pattern: string, prefix: string): string | undefined {
  const start = `${prefix}topic.`;
  return pattern.startsWith(start) && pattern.endsWith(".*") ? pattern.slice(start.length, -2) : undefined;
}

/** What a topic holds; undefined where its stream went away. */
export async function contentOf(
  connection: NatsConnection,
  prefix: string,
  { name, stream }: KeptTopic,
): Promise<TopicContent | undefined> {
  const manager = await connection.jetstreamManager();
  try {
    const { state } = await manager.streams.info(stream, { subjects_filter: `${prefix}topic.${name}.*` });
    return {
      messages: Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0),
      bytes: state.bytes,
      firstSequence: state.first_seq,
      lastSequence: state.last_seq,
      times:
        state.messages === 0 ? undefined : { first: new Date(state.first_ts), last: new Date(state.last_ts) },
    };
  } catch (error) {
    if (error instanceof NatsError && error.api_error?.err_code === streamNotFound) return undefined;
    throw error;
  }
}
