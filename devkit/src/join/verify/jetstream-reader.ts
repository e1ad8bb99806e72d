// What JetStream has of topics and tells: streams, consumers, and the leases of groups that share by them.
import { AckPolicy, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from "nats";
import { isStreamMissing } from "../../topics/index.ts";
import type { Problem } from "./check.ts";
import type { Subject } from "./subject.ts";

const partitionsKey = "samspel-partitions";

/** A group's share of a stream by durable consumers. */
export interface GroupConsumer {
  readonly name: string;
  readonly filter: string;
  readonly problems: readonly string[];
}

export interface JetStreamReader {
  readonly prefix: string;
  /** A stream's configuration; undefined where there is none. */
  stream(name: string): Promise<StreamConfig | undefined>;
  /** The names of all streams. */
  streams(): Promise<readonly string[]>;
  /** The durable consumers of a stream whose names begin with a group's. */
  consumers(stream: string, group: string): Promise<readonly GroupConsumer[]>;
  /** Whether a group shares a stream by leases. */
  hasLeases(stream: string, group: string): Promise<boolean>;
}

export async function readJetStream(subject: Subject): Promise<JetStreamReader> {
  const connection = await subject.nats();
  const manager = await connection.jetstreamManager({ timeout: subject.waitMs });
  const prefix = subject.options.topicPrefix ?? "";
  return {
    prefix,
    stream: async (name) => (await info(manager, name))?.config,
    async streams() {
      const names: string[] = [];
      for await (const name of manager.streams.names()) names.push(name);
      return names;
    },
    async consumers(stream, group) {
      const found: GroupConsumer[] = [];
      for await (const { name, config } of manager.consumers.list(stream)) {
        if (!name.startsWith(group) || config.durable_name === undefined) continue;
        const problems: string[] = [];
        if (config.ack_policy !== AckPolicy.Explicit) problems.push(`ack policy ${config.ack_policy}`);
        if (config.max_ack_pending !== 1)
          problems.push(`max_ack_pending ${config.max_ack_pending ?? "unset"}`);
        if ((config.max_deliver ?? -1) !== -1) problems.push(`max_deliver ${config.max_deliver ?? "unset"}`);
        found.push({
          name,
          filter: config.filter_subject ?? config.filter_subjects?.join(", ") ?? "",
          problems,
        });
      }
      return found;
    },
    async hasLeases(stream, group) {
      const bucket = `${prefix}consumers`;
      const found = await info(manager, `KV_${bucket}`, `$KV.${bucket}.${stream}.${group}.>`);
      return Object.keys(found?.state.subjects ?? {}).length > 0;
    },
  };
}

async function info(manager: JetStreamManager, name: string, filter?: string) {
  try {
    return await manager.streams.info(name, filter === undefined ? {} : { subjects_filter: filter });
  } catch (error) {
    if (isStreamMissing(error)) return undefined;
    throw error;
  }
}

/** The number of partitions that a stream says it has. */
export function partitionsOf(config: StreamConfig): string | undefined {
  return config.metadata?.[partitionsKey];
}

/** What is wrong with a stream that must keep messages, whoever made it. Replicas and limits are its owner's to set. */
export function streamProblems(config: StreamConfig, subjects: readonly string[]): readonly Problem[] {
  const problems: Problem[] = [];
  const wrong = (found: string, must: string): void => {
    problems.push({
      found: `stream ${config.name} has ${found}`,
      must,
      mend: "make the stream as docs/joining.md has it; messages that it holds must be moved",
    });
  };
  const missing = subjects.filter((subject) => !config.subjects.includes(subject));
  if (missing.length > 0)
    wrong(`the subjects ${config.subjects.join(", ")}`, `${missing.join(", ")} among them`);
  if (config.storage !== StorageType.File) wrong(`${config.storage} storage`, "file storage");
  if (config.retention !== RetentionPolicy.Limits)
    wrong(`${config.retention} retention`, "limits: several groups read it");
  return problems;
}

/** What is wrong with a group's consumers, of which each partition needs one. */
export function consumerProblems(
  consumers: readonly GroupConsumer[],
  {
    group,
    partitions,
    subject,
  }: { readonly group: string; readonly partitions: number; readonly subject: string },
): readonly Problem[] {
  const mend = `take partition n by a durable pull consumer "${group}-<n>" with the settings of docs/joining.md`;
  const problems: Problem[] = [];
  const expected: ReadonlyMap<string, string> = new Map(
    Array.from({ length: partitions }, (_, n) => [`${group}-${n}`, `${subject}.${n}`] as const),
  );
  for (const consumer of consumers) {
    const filter = expected.get(consumer.name);
    const wrong =
      filter === undefined
        ? [`a name that is none of ${group}-0 to ${group}-${partitions - 1}`]
        : [...(filter === consumer.filter ? [] : [`the filter ${consumer.filter}`]), ...consumer.problems];
    if (wrong.length === 0) continue;
    problems.push({
      found: `consumer ${consumer.name} has ${wrong.join(", ")}`,
      must: `filter ${filter ?? `${subject}.<n>`}, explicit ack, max_ack_pending 1, max_deliver -1`,
      mend,
    });
  }
  const names = new Set(consumers.map(({ name }) => name));
  const missing = [...expected.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) {
    problems.push({
      found: `no consumer ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? " …" : ""}`,
      must: `one for each of the ${partitions} partitions: what falls into the others is never handled`,
      mend,
    });
  }
  return problems;
}
