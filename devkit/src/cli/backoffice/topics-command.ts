// `samspel topics`: what a service publishes and subscribes to, and how far its publications are.
import { Option, type Command } from "commander";
import type { Publication, Topic } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { Run } from "./run.ts";
import { commandOf, forService, type ServiceOptions } from "./service-options.ts";

interface TopicsOptions extends ServiceOptions {
  readonly parts: boolean;
}

export function topicsCommand(run: Run): Command {
  return forService(commandOf("topics"))
    .description("the topics of a service, what they hold, and how far their publications are")
    .addOption(new Option("--parts", "show who publishes which range of entities").default(false))
    .action((options: TopicsOptions) =>
      run(options, async ({ client, printer }) => {
        const texts = await import("./texts.ts");
        const [{ topics }, { publications }] = await Promise.all([
          client.listTopics({}),
          client.listPublications({}),
        ]);
        if (options.json) {
          const { toJson } = await import("@bufbuild/protobuf");
          const { PublicationSchema, TopicSchema } =
            await import("@samspel/runtime/gen/samspel/v1/backoffice_pb.js");
          const answer = {
            topics: topics.map((topic) => toJson(TopicSchema, topic)),
            publications: publications.map((publication) => toJson(PublicationSchema, publication)),
          };
          return printer.line(JSON.stringify(answer));
        }
        const of = (topic: Topic): Publication | undefined =>
          publications.find(({ topic: name }) => name === topic.name);
        if (options.parts) {
          const rows = publications.flatMap(({ topic, parts }) => texts.partRows(topic, parts));
          return printer.table(texts.partHeading, rows, "this service publishes nothing from entities");
        }
        printer.table(
          ["topic", "published", "groups", "messages", "last", "behind"],
          topics.map((topic) => [
            topic.name,
            topic.published ? "yes" : "no",
            topic.groups.join(", ") || "–",
            topic.live ? "live" : String(topic.content?.messages ?? "no stream yet"),
            texts.timeText(topic.content?.lastTime) || "–",
            of(topic) === undefined ? "–" : texts.lagText(of(topic)?.lag),
          ]),
          "this service has no topics",
        );
      }),
    );
}
