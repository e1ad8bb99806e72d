// The topics of the system, put together from what each service tells.
import type { SubscriptionStatus, Topic } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import type { Said } from "../../api/index.ts";

/** What a service tells of its topics. */
export interface TopicsOf {
  readonly topics: readonly Topic[];
  readonly subscriptions: readonly SubscriptionStatus[];
}

/** A group that reads a topic. */
export interface TopicGroup {
  readonly service: string;
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
export function topicViews(said: readonly Said<TopicsOf>[]): readonly TopicView[] {
  const views = new Map<string, TopicView>();
  for (const { service, value } of said) {
    for (const topic of value?.topics ?? []) {
      const groups = (value?.subscriptions ?? [])
        .filter((status) => status.topic === topic.name)
        .map((status) => ({ service, status }));
      const old = views.get(topic.name);
      views.set(topic.name, {
        name: topic.name,
        // The publisher knows it best.
        topic: old === undefined || topic.published ? topic : old.topic,
        publishers: [...(old?.publishers ?? []), ...(topic.published ? [service] : [])],
        groups: [...(old?.groups ?? []), ...groups],
        deadLetters:
          (old?.deadLetters ?? 0) + groups.reduce((sum, { status }) => sum + Number(status.deadLetters), 0),
      });
    }
  }
  return [...views.values()].sort((a, b) => a.name.localeCompare(b.name));
}
