// The `(samspel.v1.topic)` of a method: a topic of what the method streams, durable or live.
import {
  getOption,
  hasOption,
  type DescField,
  type DescMessage,
  type DescMethod,
  type DescMethodServerStreaming,
} from "@bufbuild/protobuf";
import { invalidConfiguration, type SamspelError } from "../errors/index.ts";
import { topic, type TopicOptions } from "../gen/samspel/v1/options_pb.ts";
import { SubscribeRequestSchema } from "../gen/samspel/v1/subscribe_pb.ts";
import { findKeyField, keyField } from "./key-field.ts";

/** A method that can be a topic: it streams messages to who subscribes. */
export type TopicMethod<M extends DescMessage = DescMessage> = DescMethodServerStreaming<
  typeof SubscribeRequestSchema,
  M
>;

/** The same where its file is known only when the program runs: what it takes is checked, and not typed. */
export type AnyTopicMethod<M extends DescMessage = DescMessage> = DescMethodServerStreaming<DescMessage, M>;

/** A durable topic, as its method's options describe it, checked. */
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

/** A live topic: its messages are kept nowhere. */
export interface LiveTopicDescriptor {
  /** The name on the wire, such as `cart.v1.CartTopics.Visitors`. */
  readonly name: string;
  /** What the topic carries. */
  readonly message: DescMessage;
  /** The field that says to whom a message belongs, where it has one. */
  readonly keyField: DescField | undefined;
}

const defaultPartitions = 16;
const maxPartitions = 256;
const namePattern = /^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$/;

/**
 * Reads and checks the options of a durable topic.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the method and what is wrong with it.
 */
export function topicDescriptor(method: DescMethod): TopicDescriptor {
  const { options, name, refuse } = checkTopic(method);
  if (options.live) {
    throw refuse(
      `topic ${name} is live, so nothing of it is kept: publish to it with context.live(method).publish(…), and subscribe with subscribeLive(method, …)`,
    );
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

/** Whether a method is a live topic. */
export function isLiveTopic(method: DescMethod): boolean {
  return hasOption(method, topic) && getOption(method, topic).live;
}

/**
 * Reads and checks the options of a live topic.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the method and what is wrong with it.
 */
export function liveTopicDescriptor(method: DescMethod): LiveTopicDescriptor {
  const { options, name, refuse } = checkTopic(method);
  if (!options.live) throw refuse(`topic ${name} is durable: subscribe with subscribe(method, …)`);
  if (options.partitions !== 0) {
    throw refuse(`topic ${name} is live and has no partitions: current value is ${options.partitions}`);
  }
  return { name, message: method.output, keyField: findKeyField(method.output) };
}

function checkTopic(method: DescMethod): {
  readonly options: TopicOptions;
  readonly name: string;
  readonly refuse: (why: string) => SamspelError;
} {
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
  return { options, name, refuse };
}
