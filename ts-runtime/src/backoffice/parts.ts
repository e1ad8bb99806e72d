// What of a service the backoffice knows, and which of it a request means.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import type { Cluster } from "../cluster/index.ts";
import type { LiveTopicDescriptor } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { BackofficeService } from "../gen/samspel/v1/backoffice_pb.ts";
import type { Journal } from "../journal/index.ts";
import type { Database } from "../postgres/index.ts";
import type { Projection } from "../projection/index.ts";
import type { Publication } from "../publication/index.ts";
import { shown } from "../request/index.ts";
import type { Broker, Subscription } from "../topic/index.ts";

/** The methods that one part implements. */
export type Methods<Names extends keyof ServiceImpl<typeof BackofficeService>> = Pick<
  ServiceImpl<typeof BackofficeService>,
  Names
>;

/** A service's parts, and what they stand on; that is there where a part needs it. */
export interface BackofficeParts {
  readonly publications: readonly Publication[];
  readonly liveTopics: readonly LiveTopicDescriptor[];
  readonly subscriptions: readonly Subscription[];
  readonly liveSubscriptions: readonly {
    readonly topic: LiveTopicDescriptor;
    readonly group: string | undefined;
  }[];
  readonly projections: readonly Projection[];
  /** The database that has a projection's tables. */
  readonly homeOf: (projection: Projection) => Database;
  /** The proto services of this service that can be told. */
  readonly told: readonly DescService[];
  readonly broker: Broker | undefined;
  /** The same, or one that is connected when it is asked for, as tells have it. */
  readonly connectBroker: () => Promise<Broker>;
  readonly database: Database | undefined;
  readonly journal: Journal | undefined;
  readonly cluster: Cluster | undefined;
}

/** What a part stands on; its absence is a defect of ours, as the service was started with the part. */
export function required<T>(part: T | undefined, what: string): T {
  if (part === undefined) throw new Error(`The service was started without a ${what}`);
  return part;
}

/** @throws SAMSPEL_NOT_FOUND that names what there is. */
export function subscriptionNamed(
  { subscriptions }: BackofficeParts,
  { topic, group }: { readonly topic: string; readonly group: string },
): Subscription {
  const found = subscriptions.find((each) => each.topic.name === topic && each.group === group);
  if (found !== undefined) return found;
  const known = subscriptions.map((each) => `${each.group} of ${each.topic.name}`);
  throw notFound(`subscription ${shown(group)} of ${shown(topic)}`, known);
}

/** @throws SAMSPEL_NOT_FOUND that names what there is. */
export function projectionNamed({ projections }: BackofficeParts, name: string): Projection {
  const found = projections.find((projection) => projection.name === name);
  if (found !== undefined) return found;
  throw notFound(
    `projection "${shown(name)}"`,
    projections.map((projection) => projection.name),
  );
}

function notFound(what: string, known: readonly string[]): SamspelError {
  return new SamspelError(
    "SAMSPEL_NOT_FOUND",
    `This service has no ${what}: it has ${known.length === 0 ? "none" : known.join(", ")}`,
  );
}
