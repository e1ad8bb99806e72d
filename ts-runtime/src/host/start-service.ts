// startService: puts a service together, tells the registry, and takes it all down again.
//
// Invariants:
//   S1. A start never half-succeeds: what was begun is undone before the error leaves (A1).
//   S2. The registry hears of the service last, when it can answer, and first, when it is about to stop (A2).
import { createRegistry } from "@samspel/registry";
import { createClients } from "../client/index.ts";
import { createEntityHost, entityServiceImpl, type EntityHost } from "../entity/index.ts";
import { tuneProcess } from "../grpc/index.ts";
import { createTopicSenders } from "../outbox/index.ts";
import { bind, startRpcServer } from "../service/index.ts";
import { createLogger, startExport, type Logger } from "../telemetry/index.ts";
import { createTeller, toldService, withTells } from "../tell/index.ts";
import { createTimerAlarm, type TimerAlarm } from "../timer/index.ts";
import { createApiRecord } from "./api-record.ts";
import { advertisedAddress } from "./advertised-address.ts";
import { startBackground } from "./background.ts";
import { backofficeBindings, isDurable, isLive } from "./backoffice.ts";
import { checkParts } from "./check-parts.ts";
import { checkStoredEvents } from "./check-stored-events.ts";
import { endWithin } from "./end-within.ts";
import { inspectionBindings } from "./inspection.ts";
import { livePublishers } from "./live-publishers.ts";
import { logRegistry } from "./log-registry.ts";
import { openInfra, type OpenInfra } from "./open-infra.ts";
import { endOnFailedStart, stopOnSignals } from "./own-process.ts";
import { resolveServiceOptions, type ResolvedServiceOptions, type ServiceOptions } from "./options.ts";
import { createServiceContext } from "./service-context.ts";
import { checkRules, openServiceAuth, tellOfMissingRules } from "./service-auth.ts";
import { identityMeta, openServiceIdentity } from "./service-identity.ts";
import { openServicePolicies } from "./service-policies.ts";
import { checkTells } from "./take-tells.ts";
import { topicBindings } from "./topic-bindings.ts";

const deregisterWithinMs = 3_000;
const closeRegistryWithinMs = 1_000;

/** A service that runs. */
export interface RunningService extends AsyncDisposable {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  /** The full names of the proto services that it serves. */
  readonly protoServices: readonly string[];
  /**
   * Stops in order (A2): leaves the registry, lets calls and handlers in flight finish for `drainMs`, writes
   * checkpoints, releases leases, closes. Safe to call again.
   */
  stop(): Promise<void>;
}

/**
 * Starts a service: its entities, plain services, topics, projections and subscriptions, on one port, and registers it.
 * Resolves when it is ready for calls. SIGTERM and SIGINT stop it in order; a start that fails is one line in the log
 * and ends the process with code 1. Both are so unless `ownsProcess` is false.
 * @throws SAMSPEL_INVALID_CONFIGURATION, SAMSPEL_DATABASE_UNREACHABLE, SAMSPEL_BROKER_UNREACHABLE or
 *   SAMSPEL_REGISTRY_UNREACHABLE, where `ownsProcess` is false; nothing is left running then.
 */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  try {
    return await start(options);
  } catch (error) {
    if (options.ownsProcess === false) throw error;
    return endOnFailedStart(error, options.logger ?? createLogger({ service: options.name }));
  }
}

async function start(options: ServiceOptions): Promise<RunningService> {
  const startedAt = performance.now();
  const settings = resolveServiceOptions(options);
  checkParts(options);
  checkTells(options);
  const logger = options.logger ?? createLogger({ service: settings.name, level: settings.logLevel });
  const running = Promise.withResolvers<AsyncDisposableStack>();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= running.promise.then((parts) => parts.disposeAsync()));
  // From before the registry hears of the service, so that a stop in the middle of the start is in order as well.
  if (settings.ownsProcess) tuneProcess();
  using signals = settings.ownsProcess ? new DisposableStack() : undefined;
  signals?.use(stopOnSignals(stop, logger));

  await using begun = new AsyncDisposableStack();
  const service = await assemble(options, settings, { logger, begun });
  logger.info(
    { port: service.port, serves: service.protoServices, readyMs: Math.round(performance.now() - startedAt) },
    "service is ready",
  );
  const parts = begun.move();
  const listening = signals?.move();
  running.resolve(parts);
  const end = async (): Promise<void> => {
    await stop();
    listening?.dispose();
  };
  return { ...service, stop: end, [Symbol.asyncDispose]: end };
}

interface Assembly {
  readonly logger: Logger;
  /** What was begun; it is undone from the last to the first. */
  readonly begun: AsyncDisposableStack;
}

async function assemble(
  options: ServiceOptions,
  settings: ResolvedServiceOptions,
  { logger, begun }: Assembly,
): Promise<Pick<RunningService, "name" | "host" | "port" | "protoServices">> {
  const { name, host, port, drainMs } = settings;
  // The first, so that all parts find it, and the spans of the stop itself are sent.
  begun.use(await startExport({ service: name, version: settings.version, logger }));
  const infra = await openInfra(options, settings, { logger, begun });
  await checkStoredEvents(options, infra.database);
  const registry = begun.adopt(
    createRegistry({
      onEvent: logRegistry(logger),
      ...(options.registryUrl === undefined ? {} : { url: options.registryUrl }),
    }),
    (registry) =>
      endWithin(closeRegistryWithinMs, registry.close(), { what: "the registry's client", logger }),
  );
  const identity = await openServiceIdentity(settings, registry, { logger, begun });
  const policies = await openServicePolicies(options, registry, { logger, begun });
  const api = begun.use(createApiRecord({ descriptors: registry.descriptors, settings, logger }));
  const { onCall } = api;
  const teller = createTeller({ source: name, broker: infra.connectBroker, onTell: onCall });
  const clients = begun.use(
    withTells(createClients({ registry, logger, identity, onCall, policies, zone: settings.zone }), teller),
  );
  const topics = begun.use(
    createTopicSenders({
      service: name,
      topics: new Set((options.topics ?? []).map(({ topic }) => topic.name)),
      broker: () => infra.requireBroker(),
    }),
  );
  const context = createServiceContext({
    clients,
    topics,
    database: infra.database,
    live: livePublishers({
      liveTopics: options.liveTopics ?? [],
      requireBroker: () => infra.requireBroker(),
      service: name,
    }),
    readModels: infra.readModels,
    logger,
  });
  const alarm = createTimerAlarm();
  const hosts = entityHosts(options, settings, { infra, logger, begun, alarm });
  const auth = openServiceAuth(settings, logger);
  const topicStreams = topicBindings(options, { infra, begun, auth });
  const interceptors = options.interceptors ?? [];
  const served = [
    ...hosts.map((host) => bind(host.entity.service, entityServiceImpl(host, clients))),
    ...(options.services ?? []).map((serving) => serving.bind(context)),
  ];
  const bindings = [...served, ...topicStreams.bindings];
  const withoutRule = checkRules(auth, { settings, bindings, logger });
  policies.check(bindings.map(({ service }) => service));
  const subscriptions = (options.subscriptions ?? []).map((part) =>
    typeof part === "function" ? part(context) : part,
  );
  const told = served.flatMap((binding) => toldService(binding, interceptors)?.service ?? []);
  const server = begun.use(
    await startRpcServer({
      host,
      port,
      logger,
      serving: false,
      identity,
      auth,
      policies,
      interceptors,
      limits: options.limits,
      bindings,
      beside: [
        ...inspectionBindings(options, settings, { infra, logger, policies }),
        ...backofficeBindings(options, settings, { infra, logger, subscriptions, told }),
        ...topicStreams.beside,
      ],
    }),
  );
  tellOfMissingRules(settings, withoutRule, logger);
  // Before anything is done to the world; the port is had already, as that fails sooner.
  const descriptors = await api.check(bindings.map(({ service }) => service));
  const background = await startBackground(options, {
    infra,
    logger,
    name,
    subscriptions: subscriptions.filter(isDurable),
    liveSubscriptions: subscriptions.filter(isLive),
    drainMs,
    hosts,
    alarm,
    clients,
    tells: { served, interceptors, settings },
  });
  // Beside each other, as both may take as long as the grace.
  begun.defer(async () => void (await Promise.all([server.drain(drainMs), background.stop()])));
  server.setServing(true);

  const { protoServices } = server;
  const registration = await registry.register({
    name,
    address: await advertisedAddress(host, registry.url),
    port: server.port,
    protoServices,
    protocols: ["grpc", "grpc-web", "connect"],
    lang: "ts",
    ...identityMeta(identity, server),
    descriptors,
    ...(settings.version === undefined ? {} : { version: settings.version }),
    ...(settings.zone === undefined ? {} : { zone: settings.zone }),
  });
  api.noteServed();
  // Where it does not get through, the registry finds out by its check.
  begun.defer(() =>
    endWithin(deregisterWithinMs, registration.deregister(), { what: "deregistration", logger }),
  );
  return { name, host, port: server.port, protoServices };
}

function entityHosts(
  { entities = [] }: ServiceOptions,
  { name, natsUrl, freezeStates, maxLiveEntities, passivateAfterMs }: ResolvedServiceOptions,
  { infra, logger, begun, alarm }: Assembly & { readonly infra: OpenInfra; readonly alarm: TimerAlarm },
): readonly EntityHost[] {
  return entities.map((entity) =>
    begun.use(
      createEntityHost({
        entity,
        journal: infra.requireJournal(),
        freeze: freezeStates,
        maxLive: maxLiveEntities,
        passivateAfterMs,
        logger,
        onSchedule: alarm.note,
        // Without a broker nobody would send on what commands tell.
        ...(natsUrl === undefined ? {} : { source: name }),
      }),
    ),
  );
}
