// The `(samspel.v1.topic)` of a method: a durable topic of what the method streams.
import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
} from "@bufbuild/protobuf";
import { invalidConfiguration, type SamspelError } from "../errors/index.ts";
import { topic } from "../gen/samspel/v1/options_pb.ts";
import { SubscribeRequestSchema } from "../gen/samspel/v1/subscribe_pb.ts";
import { keyField } from "./key-field.ts";

/** A method that can be a topic: it streams messages to who subscribes. */
export type TopicMethod<M extends DescMessage = DescMessage> = DescMethodServerStreaming<
  typeof SubscribeRequestSchema,
  M
>;

/** A topic, as its method's options describe it, checked. */
export interface TopicDescriptor {
  /** The name on the wire, such as `cart.v1.CartTopics.CheckedOut`. */
  readonly name: string;
  /** Over how many instances a group spreads at the most, 1 to 256. */
  readonly partitions: number;
  /** What the topic holds. */
  readonly message: DescMessage;
  /** The field of the message that orders it. */
  readonly keyField: DescField;
}

const defaultPartitions = 16;
const maxPartitions = 256;
const namePattern = /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$/;

/**
 * Reads and checks a topic's options.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the method and what is wrong with it.
 */
export function topicDescriptor(method: DescMethod): TopicDescriptor {
  const fullName = `${method.parent.typeName}.${method.name}`;
  const refuse = (why: string): SamspelError =>
    invalidConfiguration(`Method ${fullName} cannot be a topic: ${why}`);
  if (!hasOption(method, topic)) throw refuse("it lacks `option (samspel.v1.topic) = {};`");
  if (method.methodKind !== "server_streaming" || method.input.typeName !== SubscribeRequestSchema.typeName) {
    throw refuse("declare it as `rpc Name(samspel.v1.SubscribeRequest) returns (stream Event)`");
  }
  const options = getOption(method, topic);
  const name = options.name === "" ? fullName : options.name;
  if (!namePattern.test(name) || name.includes("..")) {
    throw refuse(`its name must be of letters, digits, "_", "-" and ".": current value is "${name}"`);
  }
  const partitions = options.partitions === 0 ? defaultPartitions : options.partitions;
  if (partitions > maxPartitions) {
    throw refuse(`partitions must be from 1 to ${maxPartitions}: current value is ${partitions}`);
  }
  return {
    name,
    partitions,
    message: method.output,
    keyField: keyField(method.output, `the message of topic ${name}`),
  };
}
