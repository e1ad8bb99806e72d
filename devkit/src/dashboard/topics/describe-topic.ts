// What a message of a topic looks like, for a form.
import { getOption, type MessageInitShape } from "@bufbuild/protobuf";
import type { DescribeTopicResponseSchema } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { key } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { requestTemplate } from "../../dynamic/index.ts";
import { jsonSchema } from "../methods/index.ts";
import { findTopic, type TopicsContext } from "./find-topic.ts";
import { natsMissing } from "./nats.ts";

/** @throws ConnectError NOT_FOUND where nobody serves its method. */
export async function describeTopic(
  context: TopicsContext,
  name: string,
): Promise<MessageInitShape<typeof DescribeTopicResponseSchema>> {
  const { method } = await findTopic(context, name);
  const { output } = method;
  await context.comments.fresh();
  return {
    messageType: output.typeName,
    keyField: output.fields.find((field) => getOption(field, key))?.jsonName ?? "",
    messageSchema: JSON.stringify(jsonSchema(output, (desc) => context.comments.of(desc))),
    messageTemplate: requestTemplate(output),
    comment: context.comments.of(method),
    refusal: context.nats === undefined ? natsMissing : "",
  };
}
