// The topics of the system, put together from what each service tells, and from what the dashboard's server sees in NATS:
// groups of durable consumers, and topics of services that tell nothing.
import type { SystemTopic } from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import type { SubscriptionStatus, Topic } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { Said } from "../../api/index.ts";

/** What a service tells of its topics. */
export interface TopicsOf {
  readonly topics: readonly Topic[];
  readonly subscriptions: readonly SubscriptionStatus[];
}

/** A group that reads a topic. */
interface TopicGroup {
  /** Who tells of it, and can pause it; undefined for a group of durable consumers, which NATS tells of. */
  readonly service: string | undefined;
  readonly status: SubscriptionStatus;
}

/** A topic, with all who have to do with it. */
export interface TopicView {
  readonly name: string;
  readonly topic: Topic;
  readonly publishers: readonly string[];
  readonly groups: readonly TopicGroup[];
  readonly deadLetters: number;
}

/** By name. */
export function topicViews(
  said: readonly Said<TopicsOf>[],
  seen: readonly SystemTopic[] = [],
): readonly TopicView[] {
  const views = new Map<string, TopicView>();
  const add = (topic: Topic, groups: readonly TopicGroup[], publishers: readonly string[]): void => {
    const old = views.get(topic.name);
    views.set(topic.name, {
      name: topic.name,
      topic: old === undefined || topic.published ? topic : old.topic,
      publishers: [...new Set([...(old?.publishers ?? []), ...publishers])],
      groups: [...(old?.groups ?? []), ...groups],
      deadLetters:
        (old?.deadLetters ?? 0) + groups.reduce((sum, { status }) => sum + Number(status.deadLetters), 0),
    });
  };
  for (const { service, value } of said) {
    for (const topic of value?.topics ?? []) {
      const groups = (value?.subscriptions ?? [])
        .filter((status) => status.topic === topic.name)
        .map((status) => ({ service, status }));
      add(topic, groups, topic.published ? [service] : []);
    }
  }
  for (const { topic, groups, publishers } of seen) {
    // What a service says of a topic is more than what is seen of it.
    if (topic !== undefined)
      add(
        topic,
        groups.map((status) => ({ service: undefined, status })),
        publishers,
      );
  }
  return [...views.values()].sort((a, b) => a.name.localeCompare(b.name));
}
