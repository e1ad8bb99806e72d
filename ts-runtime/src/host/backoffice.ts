// The backoffice of a service: it steers the background work, and shows stored messages, to whoever reaches the port. That
// is told where others than this machine may.
import type { DescService } from "@bufbuild/protobuf";
import { createBackoffice } from "../backoffice/index.ts";
import { liveTopicDescriptor } from "../descriptor/index.ts";
import type { LiveSubscription } from "../live/index.ts";
import type { ServiceBinding } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { Subscription } from "../topic/index.ts";
import { isLoopback } from "./is-loopback.ts";
import type { OpenInfra } from "./open-infra.ts";
import type { ResolvedServiceOptions, ServiceOptions } from "./options.ts";

/** What the backoffice needs beside the options. */
export interface BackofficeGround {
  readonly infra: OpenInfra;
  readonly logger: Logger;
  readonly subscriptions: readonly (Subscription | LiveSubscription)[];
  /** The proto services that can be told. */
  readonly told: readonly DescService[];
}

/** None where it is off. */
export function backofficeBindings(
  { topics = [], liveTopics = [], projections = [] }: ServiceOptions,
  { backoffice, host, port, natsUrl }: ResolvedServiceOptions,
  { infra, logger, subscriptions, told }: BackofficeGround,
): readonly ServiceBinding[] {
  if (!backoffice) return [];
  if (!isLoopback(host)) {
    logger.warn(
      { host, port },
      "THE BACKOFFICE IS ON: whoever reaches this port can steer the background work of the service, and read its dead letters; SAMSPEL_BACKOFFICE=false turns it off",
    );
  }
  const { database, broker } = infra;
  const parts = {
    publications: topics,
    liveTopics: liveTopics.map(liveTopicDescriptor),
    subscriptions: subscriptions.filter(isDurable),
    liveSubscriptions: subscriptions.filter(isLive),
    projections,
    homeOf: (projection: (typeof projections)[number]) =>
      infra.readModels(projection) ?? infra.requireDatabase(),
    // Without a broker nobody can tell anything.
    told: natsUrl === undefined ? [] : told,
    broker,
    connectBroker: () => infra.connectBroker(),
    database,
    journal: database && infra.requireJournal(),
    cluster: database && infra.requireCluster(),
  };
  return [createBackoffice(parts, logger)];
}

export function isLive(subscription: Subscription | LiveSubscription): subscription is LiveSubscription {
  return "type" in subscription && subscription.type === "live";
}

export function isDurable(subscription: Subscription | LiveSubscription): subscription is Subscription {
  return !isLive(subscription);
}
