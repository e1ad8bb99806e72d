// How far the publications of a service are.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { PublicationSchema } from "../gen/samspel/v1/backoffice_pb.ts";
import { encodePosition } from "../journal/index.ts";
import { publicationProgress, type Publication } from "../publication/index.ts";
import { lagAnswer } from "./answers.ts";
import { required, type BackofficeParts, type Methods } from "./parts.ts";

export function publicationMethods({ publications, database }: BackofficeParts): Methods<"listPublications"> {
  // Others are published to by the service's own code, and are never behind.
  const followed = publications
    .filter(({ sources }) => sources.size > 0)
    .toSorted((a, b) => (a.topic.name < b.topic.name ? -1 : 1));
  const answerOf = async (publication: Publication): Promise<MessageInitShape<typeof PublicationSchema>> => {
    const { ranges, lagEvents, lagMs, isCapped } = await publicationProgress({
      database: required(database, "database"),
      publication,
    });
    return {
      topic: publication.topic.name,
      entityTypes: [...publication.sources.keys()],
      lag: lagAnswer({ count: lagEvents, estimated: isCapped, ageMs: lagMs }),
      parts: ranges.map((range) => ({
        number: range.range,
        owner: range.owner ?? "",
        position: encodePosition(range.position),
        lag: lagAnswer({ count: range.lagEvents, estimated: isCapped, ageMs: range.lagMs }),
      })),
    };
  };
  return {
    async listPublications() {
      return { publications: await Promise.all(followed.map(answerOf)) };
    },
  };
}
