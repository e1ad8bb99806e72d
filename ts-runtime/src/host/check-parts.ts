// What a service is made of must fit together: no name twice, nothing served twice.
import { liveTopicDescriptor } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { ServiceOptions } from "./options.ts";

/**
 * Checks the parts against each other.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names what stands twice.
 */
export function checkParts({
  name,
  entities = [],
  services = [],
  projections = [],
  topics = [],
  liveTopics = [],
}: ServiceOptions): void {
  refuseTwice(
    name,
    "entities",
    entities.map((entity) => entity.name),
  );
  refuseTwice(
    name,
    "proto services",
    [...entities, ...services].map(({ service }) => service.typeName),
  );
  refuseTwice(
    name,
    "projections",
    projections.map((projection) => projection.name),
  );
  refuseTwice(
    name,
    "topics",
    [...topics.map(({ topic }) => topic), ...liveTopics.map(liveTopicDescriptor)].map((topic) => topic.name),
  );
}

function refuseTwice(service: string, what: string, names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw invalidConfiguration(`Service ${service} has two ${what} called ${twice}: give each its own name`);
}
