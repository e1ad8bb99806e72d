// Every instrument of Samspel in one table. Names, units and attributes follow the semantic conventions of
// OpenTelemetry. docs/reference/metrics.md lists them for people; a test holds the two together.

export type CounterName =
  | "samspel.journal.appends"
  | "samspel.publication.messages"
  | "samspel.publication.failures"
  | "samspel.outbox.messages"
  | "samspel.outbox.failures"
  | "samspel.consumer.messages"
  | "samspel.tell.messages"
  | "samspel.live.published"
  | "samspel.live.dropped"
  | "samspel.projection.events"
  | "samspel.client.ejections"
  | "samspel.client.retries"
  | "samspel.client.hedges"
  | "samspel.client.breaker.transitions"
  | "samspel.client.bulkhead.refusals"
  | "samspel.server.refusals";
export type HistogramName =
  | "samspel.journal.append.batch.size"
  | "samspel.journal.append.duration"
  | "samspel.entity.command.duration"
  | "samspel.entity.recovery.duration";
export type GaugeName =
  | "samspel.journal.hold.age"
  | "samspel.consumer.lag"
  | "samspel.consumer.lag.age"
  | "samspel.entity.live"
  | "samspel.publication.lag.events"
  | "samspel.publication.lag.age"
  | "samspel.outbox.waiting"
  | "samspel.outbox.age"
  | "samspel.projection.lag"
  | "samspel.projection.parked"
  | "samspel.server.limit"
  | "samspel.server.in_flight";

export type AttributeName =
  | "samspel.append.outcome"
  | "samspel.entity.type"
  | "samspel.command"
  | "samspel.command.outcome"
  | "samspel.live.drop.reason"
  | "samspel.consumer.outcome"
  | "messaging.consumer.group.name"
  | "messaging.destination.name"
  | "samspel.projection"
  | "samspel.projection.outcome"
  | "error.type"
  | "rpc.service"
  | "rpc.method"
  | "samspel.breaker.state"
  | "samspel.ejection.reason"
  | "samspel.refusal.reason";

interface Instrument {
  readonly kind: "counter" | "histogram" | "gauge";
  /** UCUM: seconds are `s`, things stand in braces. */
  readonly unit: string;
  readonly description: string;
  /** What its points carry; what does not apply to one is left out. */
  readonly attributes: readonly AttributeName[];
  /** Of a histogram: the upper bounds of its buckets. */
  readonly boundaries?: readonly number[];
}

/** From a tenth of a millisecond, about a round trip, to ten seconds, the default deadline of a call. */
const seconds: readonly number[] = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const batches: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export const instruments: Readonly<Record<CounterName | HistogramName | GaugeName, Instrument>> = {
  "samspel.journal.appends": {
    kind: "counter",
    unit: "{append}",
    description: "Appends that the database answered.",
    attributes: ["samspel.append.outcome"],
  },
  "samspel.journal.append.batch.size": {
    kind: "histogram",
    unit: "{append}",
    description: "Appends that went together in one transaction.",
    attributes: [],
    boundaries: batches,
  },
  "samspel.journal.append.duration": {
    kind: "histogram",
    unit: "s",
    description: "From the moment that a group of appends left to the database's word on it.",
    attributes: [],
    boundaries: seconds,
  },
  "samspel.journal.hold.age": {
    kind: "gauge",
    unit: "s",
    description: "Age of the transaction that holds back the readers of the journal; 0 without one.",
    attributes: [],
  },
  "samspel.entity.command.duration": {
    kind: "histogram",
    unit: "s",
    description: "From the arrival of a command at its entity to its reply, with the wait for its turn.",
    attributes: ["samspel.entity.type", "samspel.command", "samspel.command.outcome", "error.type"],
    boundaries: seconds,
  },
  "samspel.entity.live": {
    kind: "gauge",
    unit: "{entity}",
    description: "Entities in memory.",
    attributes: ["samspel.entity.type"],
  },
  "samspel.entity.recovery.duration": {
    kind: "histogram",
    unit: "s",
    description: "Reading the state of an entity from the journal.",
    attributes: ["samspel.entity.type"],
    boundaries: seconds,
  },
  "samspel.live.published": {
    kind: "counter",
    unit: "{message}",
    description: "Messages to live topics that were handed to NATS.",
    attributes: ["messaging.destination.name"],
  },
  "samspel.live.dropped": {
    kind: "counter",
    unit: "{message}",
    description: "Messages of live topics that were dropped here.",
    attributes: ["messaging.destination.name", "samspel.live.drop.reason"],
  },
  "samspel.publication.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Messages of publications that the broker stored.",
    attributes: ["messaging.destination.name"],
  },
  "samspel.publication.failures": {
    kind: "counter",
    unit: "{failure}",
    description: "Times that the broker did not take messages, and events that cannot be published.",
    attributes: ["messaging.destination.name", "error.type"],
  },
  "samspel.publication.lag.events": {
    kind: "gauge",
    unit: "{event}",
    description:
      "Events that the publication has before it, in the ranges of this instance; at most 10,000 are counted.",
    attributes: ["messaging.destination.name"],
  },
  "samspel.publication.lag.age": {
    kind: "gauge",
    unit: "s",
    description:
      "Age of the oldest event that the publication has before it, in the ranges of this instance.",
    attributes: ["messaging.destination.name"],
  },
  "samspel.outbox.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Messages of the outbox that the broker stored.",
    attributes: ["messaging.destination.name"],
  },
  "samspel.outbox.failures": {
    kind: "counter",
    unit: "{failure}",
    description:
      "Times that the broker did not take messages of the outbox, and messages that it never takes.",
    attributes: ["messaging.destination.name", "error.type"],
  },
  "samspel.outbox.waiting": {
    kind: "gauge",
    unit: "{message}",
    description: "Messages in the outbox that are due; at most 100,000 are counted. One instance tells.",
    attributes: [],
  },
  "samspel.outbox.age": {
    kind: "gauge",
    unit: "s",
    description: "Age of the oldest message in the outbox that is due. One instance tells.",
    attributes: [],
  },
  "samspel.consumer.lag": {
    kind: "gauge",
    unit: "{message}",
    description: "Messages of a group that are not done, in the partitions that this instance reads.",
    attributes: ["messaging.consumer.group.name", "messaging.destination.name"],
  },
  "samspel.consumer.lag.age": {
    kind: "gauge",
    unit: "s",
    description: "Age of the oldest message of a group that was read and is not done; 0 without one.",
    attributes: ["messaging.consumer.group.name", "messaging.destination.name"],
  },
  "samspel.consumer.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Messages of a group by what became of them; each failed attempt counts.",
    attributes: ["messaging.consumer.group.name", "messaging.destination.name", "samspel.consumer.outcome"],
  },
  "samspel.tell.messages": {
    kind: "counter",
    unit: "{message}",
    description: "Tells that clients gave to the broker; those of effects are in the outbox.",
    attributes: ["messaging.destination.name", "error.type"],
  },
  "samspel.projection.events": {
    kind: "counter",
    unit: "{event}",
    description: "Events that projections have behind them.",
    attributes: ["samspel.projection", "samspel.projection.outcome"],
  },
  "samspel.projection.lag": {
    kind: "gauge",
    unit: "s",
    description: "Age of the oldest event that a projection has not applied; 0 where it has applied all.",
    attributes: ["samspel.projection"],
  },
  "samspel.projection.parked": {
    kind: "gauge",
    unit: "{event}",
    description: "Events that a projection could not apply, parked or blocking it.",
    attributes: ["samspel.projection"],
  },
  "samspel.client.ejections": {
    kind: "counter",
    unit: "{ejection}",
    description: "Times that an instance was left out of the calls of this process for a while.",
    attributes: ["rpc.service", "samspel.ejection.reason"],
  },
  "samspel.client.retries": {
    kind: "counter",
    unit: "{attempt}",
    description: "Attempts of calls that followed a failed one.",
    attributes: ["rpc.service", "rpc.method"],
  },
  "samspel.client.hedges": {
    kind: "counter",
    unit: "{attempt}",
    description: "Attempts of calls that began as the one before took long.",
    attributes: ["rpc.service", "rpc.method"],
  },
  "samspel.client.breaker.transitions": {
    kind: "counter",
    unit: "{transition}",
    description:
      "Changes of the circuit breakers that stand before a method at its instances, by what they became.",
    attributes: ["rpc.service", "rpc.method", "samspel.breaker.state"],
  },
  "samspel.client.bulkhead.refusals": {
    kind: "counter",
    unit: "{call}",
    description: "Calls that were turned away at the bulkhead of their method.",
    attributes: ["rpc.service", "rpc.method"],
  },
  "samspel.server.limit": {
    kind: "gauge",
    unit: "{call}",
    description: "Calls that the server works on at a time, at most, as it has found out.",
    attributes: [],
  },
  "samspel.server.in_flight": {
    kind: "gauge",
    unit: "{call}",
    description: "Calls that the server works on; of streams those that begin.",
    attributes: [],
  },
  "samspel.server.refusals": {
    kind: "counter",
    unit: "{call}",
    description: "Calls that were refused as there was too much to do; their handlers never ran.",
    attributes: ["samspel.refusal.reason", "rpc.service", "rpc.method"],
  },
};
