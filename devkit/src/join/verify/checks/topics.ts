// TOPIC: the streams of the topics that a service declares, and its groups' ways to consume.
import { judged, skipped, type Check, type Outcome, type Problem } from "../check.ts";
import {
  consumerProblems,
  partitionsOf,
  readJetStream,
  streamProblems,
  type JetStreamReader,
} from "../jetstream-reader.ts";
import type { Subject } from "../subject.ts";
import { declaredTopics, type DeclaredTopic } from "./api.ts";

const noNats = "no NATS is given: --nats, or NATS_URL";
const notYet = "nobody has published or subscribed yet, so there is no stream";

/** A check of JetStream. */
export function natsCheck(
  check: Omit<Check, "run"> & {
    readonly run: (jetstream: JetStreamReader, subject: Subject) => Promise<Outcome>;
  },
): Check {
  const { run, ...rest } = check;
  return {
    ...rest,
    run: async (subject) =>
      subject.options.natsUrl === undefined ? skipped(noNats) : run(await readJetStream(subject), subject),
  };
}

async function keptTopics(subject: Subject): Promise<readonly DeclaredTopic[]> {
  return declaredTopics(await subject.api()).filter(({ live }) => !live);
}

function streamOf(prefix: string, topic: string): string {
  return `${prefix}${topic.replaceAll(".", "_")}`;
}

const made = natsCheck({
  rule: "TOPIC-1",
  level: "must",
  title: "the streams of its topics are as they must be",
  after: ["API-1"],
  async run(jetstream, subject) {
    const topics = await keptTopics(subject);
    if (topics.length === 0) return skipped("it serves no topic");
    const problems: Problem[] = [];
    let seen = 0;
    for (const { name } of topics) {
      const config = await jetstream.stream(streamOf(jetstream.prefix, name));
      if (config === undefined) continue;
      seen++;
      problems.push(...streamProblems(config, [`${jetstream.prefix}topic.${name}.*`]));
    }
    return seen === 0 ? skipped(notYet) : judged(problems, `${seen} of ${topics.length}`);
  },
});

const divided = natsCheck({
  rule: "TOPIC-2",
  level: "must",
  title: "its topics have as many partitions as they say",
  after: ["API-1"],
  async run(jetstream, subject) {
    const topics = await keptTopics(subject);
    if (topics.length === 0) return skipped("it serves no topic");
    const problems: Problem[] = [];
    let seen = 0;
    for (const { name, partitions } of topics) {
      const config = await jetstream.stream(streamOf(jetstream.prefix, name));
      if (config === undefined) continue;
      seen++;
      const actual = partitionsOf(config);
      if (actual === String(partitions)) continue;
      problems.push({
        found: `topic ${name} has ${actual ?? "no word on its"} partitions in its stream's metadata, and ${partitions} in its proto file`,
        must: "the same: the number says where a key lies, and is fixed",
        mend: "set the option back, or give the topic another name",
      });
    }
    return seen === 0 ? skipped(notYet) : judged(problems);
  },
});

const consumed = natsCheck({
  rule: "TOPIC-3",
  level: "must",
  title: "its groups consume each partition, one message at a time",
  after: ["REG-1"],
  async run(jetstream, { options }) {
    const groups = options.groups ?? (options.name === undefined ? [] : [options.name]);
    if (groups.length === 0) return skipped("no group is given: --group");
    const problems: Problem[] = [];
    const found: string[] = [];
    for (const stream of await jetstream.streams()) {
      const config = await jetstream.stream(stream);
      const subject = config?.subjects
        .find((each) => each.startsWith(`${jetstream.prefix}topic.`))
        ?.replace(/\.\*$/, "");
      const partitions = config === undefined ? undefined : partitionsOf(config);
      if (subject === undefined || partitions === undefined) continue;
      for (const group of groups) {
        const consumers = (await jetstream.consumers(stream, group)).filter(({ name }) => isOf(group, name));
        if (consumers.length > 0) {
          problems.push(...consumerProblems(consumers, { group, partitions: Number(partitions), subject }));
          found.push(`${group} of ${stream}`);
        } else if (await jetstream.hasLeases(stream, group)) found.push(`${group} of ${stream}, by leases`);
      }
    }
    return found.length === 0
      ? skipped(`no group ${groups.join(", ")} consumes here; others are given by --group`)
      : judged(problems, found.join("; "));
  },
});

/** `shipping-3`, and what looks like a mistake for it; not `shipping-audit-3`, which is another group's. */
function isOf(group: string, name: string): boolean {
  return /^[-_.]?\d*$/.test(name.slice(group.length));
}

export const topicChecks: readonly Check[] = [made, divided, consumed];
