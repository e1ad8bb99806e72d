// A topic by its name, as the services that are registered declare it.
import { Code, ConnectError } from "@connectrpc/connect";
import type { InstanceState } from "@samspel/registry";
import type { Collector } from "../../collector/index.ts";
import { declaredTopic, type DeclaredTopic } from "../../topics/index.ts";
import { findMethods, type Apis, type Comments, type FoundMethod } from "../methods/index.ts";
import type { DashboardNats } from "./nats.ts";

/** What topics are told from. */
export interface TopicsContext {
  readonly apis: Apis;
  readonly comments: Comments;
  /** All instances, now. */
  readonly instances: () => readonly InstanceState[];
  /** Undefined where nobody said where NATS is. */
  readonly nats: DashboardNats | undefined;
  /** Gets the span of what is published, which is the root of its trace. */
  readonly collector: Collector | undefined;
}

/** The methods that are topics, by the topics' names. */
export async function topicMethods({
  apis,
  instances,
}: Pick<TopicsContext, "apis" | "instances">): Promise<ReadonlyMap<string, FoundMethod>> {
  const { methods } = await findMethods(apis, instances());
  return new Map(
    [...methods.values()].flatMap((found) => (found.facts.topic === "" ? [] : [[found.facts.topic, found]])),
  );
}

/** @throws ConnectError NOT_FOUND that says what there is instead. */
export async function findTopic(context: TopicsContext, name: string): Promise<DeclaredTopic> {
  const topics = await topicMethods(context);
  const found = topics.get(name);
  const types = found === undefined ? undefined : await context.apis.types(found.group);
  const method = types
    ?.getService(found?.facts.protoService ?? "")
    ?.methods.find((each) => each.name === found?.facts.name);
  const topic =
    found === undefined || types === undefined || method === undefined
      ? undefined
      : declaredTopic(method, types, [...found.services].toSorted());
  if (topic !== undefined) return topic;
  const known = [...topics.keys()].toSorted().join(", ");
  throw new ConnectError(
    `No service that is registered serves the method of a topic ${JSON.stringify(name)}: there are ${known || "none"}`,
    Code.NotFound,
  );
}
