// TELL: the queue of a service's tells, and that somebody takes them.
import { judged, skipped, type Check, type Problem } from "../check.ts";
import { consumerProblems, partitionsOf, streamProblems } from "../jetstream-reader.ts";
import type { Subject } from "../subject.ts";
import { tellable } from "./api.ts";
import { natsCheck } from "./topics.ts";

const tellPartitions = 16;
const group = "handler";
const nothingTold = "nobody has told it anything yet, so there is no stream";

/** The proto services that have a method which may be told. */
async function toldServices(subject: Subject): Promise<readonly string[]> {
  return [...new Set(tellable(await subject.api()).map(({ parent }) => parent.typeName))];
}

function streamOf(prefix: string, service: string): string {
  return `${prefix}tell_${service.replaceAll(".", "_")}`;
}

const made = natsCheck({
  rule: "TELL-1",
  level: "must",
  title: "the streams of its tells are as they must be",
  after: ["API-1"],
  async run(jetstream, subject) {
    const services = await toldServices(subject);
    if (services.length === 0) return skipped("it has no method that may be told");
    const problems: Problem[] = [];
    let seen = 0;
    for (const service of services) {
      const config = await jetstream.stream(streamOf(jetstream.prefix, service));
      if (config === undefined) continue;
      seen++;
      const { prefix } = jetstream;
      problems.push(...streamProblems(config, [`${prefix}tell.${service}.*`, `${prefix}later.${service}.*`]));
      if (partitionsOf(config) === String(tellPartitions)) continue;
      problems.push({
        found: `stream ${config.name} says ${partitionsOf(config) ?? "nothing"} of its partitions`,
        must: `metadata samspel-partitions = ${tellPartitions}`,
        mend: "make the stream as docs/joining.md has it",
      });
    }
    return seen === 0 ? skipped(nothingTold) : judged(problems);
  },
});

const taken = natsCheck({
  rule: "TELL-2",
  level: "must",
  title: "its tells are taken, one of a key at a time",
  after: ["TELL-1"],
  async run(jetstream, subject) {
    const services = await toldServices(subject);
    const problems: Problem[] = [];
    const ways: string[] = [];
    for (const service of services) {
      const stream = streamOf(jetstream.prefix, service);
      if ((await jetstream.stream(stream)) === undefined) continue;
      const consumers = await jetstream.consumers(stream, group);
      if (consumers.length > 0) {
        ways.push(`${service} by consumers`);
        problems.push(
          ...consumerProblems(consumers, {
            group,
            partitions: tellPartitions,
            subject: `${jetstream.prefix}tell.${service}`,
          }),
        );
      } else if (await jetstream.hasLeases(stream, group)) ways.push(`${service} by leases`);
      else
        problems.push({
          found: `nobody takes the tells of ${service}`,
          must: `the group ${group}, by durable consumers ${group}-0 to ${group}-${tellPartitions - 1} or by leases`,
          mend: "take the tells of each served proto service that has a method which may be told, and give the service NATS_URL",
        });
    }
    if (ways.length === 0 && problems.length === 0) return skipped(nothingTold);
    return judged(problems, ways.join("; "));
  },
});

export const tellChecks: readonly Check[] = [made, taken];
