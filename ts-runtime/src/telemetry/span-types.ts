// Every span of Samspel in one table. Names and attributes follow the semantic conventions of OpenTelemetry.
// docs/reference/traces.md lists them for people; a test holds the two together.
import { SpanKind } from "@opentelemetry/api";

export type SpanAttribute =
  | "client.address"
  | "error.type"
  | "http.request.method"
  | "http.response.status_code"
  | "http.route"
  | "messaging.batch.message_count"
  | "messaging.consumer.group.name"
  | "messaging.destination.name"
  | "messaging.message.id"
  | "messaging.operation.type"
  | "messaging.system"
  | "network.protocol.version"
  | "rpc.grpc.status_code"
  | "rpc.method"
  | "rpc.service"
  | "rpc.system"
  | "samspel.append.outcome"
  | "samspel.attempt"
  | "samspel.command"
  | "samspel.entity.id"
  | "samspel.entity.type"
  | "samspel.events"
  | "samspel.instance"
  | "samspel.key"
  | "samspel.projection"
  | "samspel.protocol"
  | "samspel.revision"
  | "samspel.tell.id"
  | "samspel.timer"
  | "server.address"
  | "url.path"
  | "url.scheme"
  | "user_agent.original";

export type SpanType =
  | "gateway"
  | "server"
  | "client"
  | "command"
  | "append"
  | "tell"
  | "publish"
  | "relay"
  | "process"
  | "project"
  | "timer";

interface SpanDescription {
  readonly kind: SpanKind;
  /** What it is called; what stands in angles is the span's own. */
  readonly name: string;
  readonly description: string;
  /** What it may carry. */
  readonly attributes: readonly SpanAttribute[];
}

const call: readonly SpanAttribute[] = [
  "rpc.system",
  "rpc.service",
  "rpc.method",
  "rpc.grpc.status_code",
  "error.type",
];
const entity: readonly SpanAttribute[] = ["samspel.entity.type", "samspel.entity.id"];
const messaging: readonly SpanAttribute[] = [
  "messaging.system",
  "messaging.operation.type",
  "messaging.destination.name",
];

export const spanTypes: Readonly<Record<SpanType, SpanDescription>> = {
  gateway: {
    kind: SpanKind.SERVER,
    name: "<HTTP method> <route>",
    description:
      "A request to a gateway that reaches a method, by any protocol; of a stream, until it ends. What the gateway calls for it is its child.",
    attributes: [
      "http.request.method",
      "http.route",
      "http.response.status_code",
      "url.scheme",
      "url.path",
      "server.address",
      "client.address",
      "user_agent.original",
      "network.protocol.version",
      "samspel.protocol",
      "error.type",
    ],
  },
  server: {
    kind: SpanKind.SERVER,
    name: "<proto service>/<method>",
    description: "A call that is answered, of any kind; of a stream, until it ends.",
    attributes: call,
  },
  client: {
    kind: SpanKind.CLIENT,
    name: "<proto service>/<method>",
    description: "A call that is made, with all its attempts: each further one is an event `retry`.",
    attributes: [...call, "samspel.instance"],
  },
  command: {
    kind: SpanKind.INTERNAL,
    name: "<entity> <command>",
    description: "A command of an entity, from its arrival to its reply, with the wait for its turn.",
    attributes: [...entity, "samspel.command", "samspel.revision", "error.type"],
  },
  append: {
    kind: SpanKind.INTERNAL,
    name: "append <entity>",
    description: "What a command leaves behind, on its way into the journal.",
    attributes: [...entity, "samspel.events", "samspel.revision", "samspel.append.outcome", "error.type"],
  },
  tell: {
    kind: SpanKind.PRODUCER,
    name: "tell <proto service>/<method>",
    description: "A tell, until it is stored.",
    attributes: [...messaging, "rpc.service", "rpc.method", "samspel.tell.id", "error.type"],
  },
  publish: {
    kind: SpanKind.PRODUCER,
    name: "publish <topic>",
    description: "A message of a topic, until it is stored; of a publication, from the event on.",
    attributes: [
      ...messaging,
      "messaging.message.id",
      "samspel.key",
      ...entity,
      "samspel.revision",
      "error.type",
    ],
  },
  relay: {
    kind: SpanKind.PRODUCER,
    name: "relay <stream>",
    description:
      "A message on its way from the outbox to its stream: a tell of an effect, or one of a transaction.",
    attributes: [...messaging, "messaging.message.id", "samspel.key", "error.type"],
  },
  process: {
    kind: SpanKind.CONSUMER,
    name: "process <topic>",
    description:
      "A message that is handled, or a batch; each attempt is one. A tell is a message of the topic `tell.<proto service>`.",
    attributes: [
      ...messaging,
      "messaging.consumer.group.name",
      "messaging.batch.message_count",
      "messaging.message.id",
      "samspel.key",
      "samspel.attempt",
      "rpc.service",
      "rpc.method",
      "samspel.tell.id",
      "error.type",
    ],
  },
  project: {
    kind: SpanKind.INTERNAL,
    name: "project <projection>",
    description:
      "A page of events that a projection applies; of one with several traces, beside the page's own, one in each of them.",
    attributes: ["samspel.projection", "samspel.events", "error.type"],
  },
  timer: {
    kind: SpanKind.INTERNAL,
    name: "timer <name>",
    description:
      "A timer that fires its command; each attempt is one. Where a timer scheduled it, it begins a trace with a link to that.",
    attributes: [...entity, "samspel.timer", "samspel.attempt", "error.type"],
  },
};
