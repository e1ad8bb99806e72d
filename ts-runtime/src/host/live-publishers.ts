// The publishers of a service's live topics: one for each, however often it is asked for.
import type { DescMessage } from "@bufbuild/protobuf";
import type { TopicMethod } from "../descriptor/index.ts";
import { livePublisher, type LivePublisher } from "../live/index.ts";
import type { Broker } from "../topic/index.ts";
import type { ServiceContext } from "./service-context.ts";

export interface LivePublishersOptions {
  readonly liveTopics: readonly TopicMethod[];
  /** Asked for where there are topics. */
  readonly requireBroker: () => Broker;
  /** The service's name. */
  readonly service: string;
}

/** Gives the publisher of a method; TypeError for one that the service does not declare, and so would not serve. */
export function livePublishers(options: LivePublishersOptions): ServiceContext["live"] {
  const { liveTopics, requireBroker, service } = options;
  const made = new Map<string, unknown>();
  return <M extends DescMessage>(method: TopicMethod<M>): LivePublisher<M> => {
    const name = `${method.parent.typeName}.${method.name}`;
    if (
      !liveTopics.some(
        (known) => known.parent.typeName === method.parent.typeName && known.name === method.name,
      )
    ) {
      throw new TypeError(
        `Cannot publish to ${name} as service ${service} does not declare it: give it to startService in liveTopics`,
      );
    }
    const publisher = made.get(name) ?? livePublisher(requireBroker(), method, service);
    made.set(name, publisher);
    return publisher as LivePublisher<M>; // it was made from a method of that name
  };
}
