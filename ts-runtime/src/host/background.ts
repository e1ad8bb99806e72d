// What a service does beside answering calls: publications, projections, subscriptions and timers, each until the stop.
import type { EntityHost } from "../entity/index.ts";
import { runLiveSubscription, type LiveSubscription } from "../live/index.ts";
import { runOutbox } from "../outbox/index.ts";
import { runProjection, setUpProjection } from "../projection/index.ts";
import { runPublication, type Publication } from "../publication/index.ts";
import { backoff } from "../resilience/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { ensureTellStreamOf, type TellingClients } from "../tell/index.ts";
import { runTimers, type TimerAlarm } from "../timer/index.ts";
import {
  ensureStream,
  requireFences,
  runSubscription,
  streamName,
  type Subscription,
} from "../topic/index.ts";
import { endWithin } from "./end-within.ts";
import { tellWorks, type TakeTellsOptions } from "./take-tells.ts";
import type { OpenInfra } from "./open-infra.ts";
import type { ServiceOptions } from "./options.ts";

/** The background work of a service. */
export interface Background {
  /**
   * Ends it: running handlers finish, checkpoints are written, leases released. What does not end by a second after
   * the grace is left behind: its leases expire, its messages come again.
   */
  stop(): Promise<void>;
}

export interface BackgroundOptions {
  readonly infra: OpenInfra;
  readonly logger: Logger;
  /** The service's name. */
  readonly name: string;
  readonly subscriptions: readonly Subscription[];
  readonly liveSubscriptions: readonly LiveSubscription[];
  readonly drainMs: number;
  /** Of the entities, whose timers fire here. */
  readonly hosts: readonly EntityHost[];
  readonly alarm: TimerAlarm;
  readonly clients: TellingClients;
  /** What is served, and so may be told. */
  readonly tells: Pick<TakeTellsOptions, "served" | "interceptors" | "settings">;
}

/** Handlers are told to end when the grace is over; so long they and their runners have to do it. */
const afterGraceMs = 1_000;

/**
 * Starts the background work.
 * @throws SAMSPEL_INVALID_CONFIGURATION where a topic's stream or a projection's tables do not fit; nothing has begun
 *   then.
 */
export async function startBackground(
  options: ServiceOptions,
  {
    infra,
    logger,
    name,
    subscriptions,
    liveSubscriptions,
    drainMs,
    hosts,
    alarm,
    clients,
    tells,
  }: BackgroundOptions,
): Promise<Background> {
  const { topics = [], projections = [] } = options;
  if (topics.some(hasSources)) requireFences(infra.requireBroker());
  const byStream = new Map(topics.map(({ topic }) => [streamName("", topic), topic]));
  for (const { topic } of [...topics, ...subscriptions]) await ensureStream(infra.requireBroker(), topic);
  // Before the first call is served: queries find the tables.
  for (const projection of projections) {
    const home = infra.readModels(projection) ?? infra.requireDatabase();
    await setUpProjection({ projection, home, journal: infra.requireJournal() });
  }
  const stopping = new AbortController();
  const { signal } = stopping;
  const keep = (what: string, work: () => Promise<void>): Promise<void> =>
    keepRunning(what, work, { signal, logger });

  const works = [
    ...topics.filter(hasSources).map((publication) =>
      keep(`publication ${publication.topic.name}`, () =>
        runPublication({
          publication,
          service: name,
          signal,
          logger,
          ...durable(infra),
          cluster: infra.requireCluster(),
          broker: infra.requireBroker(),
        }),
      ),
    ),
    ...projections.map((projection) =>
      keep(`projection ${projection.name}`, () =>
        runProjection({
          projection,
          home: infra.readModels(projection) ?? infra.requireDatabase(),
          cluster: infra.requireCluster(),
          signal,
          logger,
          ...durable(infra),
        }),
      ),
    ),
    ...subscriptions.map((subscription) =>
      keep(`subscription ${subscription.group} of ${subscription.topic.name}`, () =>
        runSubscription({
          subscription,
          signal,
          logger,
          broker: infra.requireBroker(),
          database: infra.database,
          graceMs: drainMs,
        }),
      ),
    ),
    ...liveSubscriptions.map((subscription) =>
      keep(`live subscription to ${subscription.topic.name}`, () =>
        runLiveSubscription({
          subscription,
          signal,
          logger,
          broker: infra.requireBroker(),
          graceMs: drainMs,
        }),
      ),
    ),
    ...tellWorks(options, { ...tells, infra, logger, signal }).map(({ what, work }) => keep(what, work)),
    ...(infra.database === undefined || !infra.hasBroker
      ? []
      : [
          keep("outbox", () =>
            runOutbox({
              service: name,
              signal,
              logger,
              database: infra.requireDatabase(),
              cluster: infra.requireCluster(),
              connect: infra.connectBroker,
              async ensureStream(stream, subject) {
                const broker = await infra.connectBroker();
                const topic = byStream.get(stream);
                if (topic === undefined) await ensureTellStreamOf(broker, subject);
                else await ensureStream(broker, topic);
              },
            }),
          ),
        ]),
    ...(hosts.length === 0
      ? []
      : [
          keep("timers", () =>
            runTimers({
              hosts,
              alarm,
              clients,
              signal,
              logger,
              database: infra.requireDatabase(),
              graceMs: drainMs,
            }),
          ),
        ]),
  ];
  return {
    async stop() {
      stopping.abort();
      await endWithin(drainMs + afterGraceMs, Promise.all(works), { what: "background work", logger });
    },
  };
}

/** Others are published to by the service's own code alone. */
function hasSources({ sources }: Publication): boolean {
  return sources.size > 0;
}

function durable(infra: OpenInfra): {
  database: ReturnType<OpenInfra["requireDatabase"]>;
  journal: ReturnType<OpenInfra["requireJournal"]>;
} {
  return { database: infra.requireDatabase(), journal: infra.requireJournal() };
}

/** The runners wait out what is away; what ends one all the same is told, and it begins again. */
async function keepRunning(
  what: string,
  work: () => Promise<void>,
  { signal, logger }: { signal: AbortSignal; logger: Logger },
): Promise<void> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      await work();
    } catch (error) {
      logger.error({ err: error, failures }, `${what} failed and begins again`);
    }
    if (!signal.aborted) await backoff(failures, signal);
  }
}
