// The clients of a process that is no service, such as a script or a gateway: they ask and tell.
import type { DescMethod } from "@bufbuild/protobuf";
import { createCallerNotes, createClients, type CallerNotes, type ClientsOptions } from "../client/index.ts";
import { openPolicies, type OpenPolicies, type PolicyConfiguration } from "../policy/index.ts";
import { createLogger, type Logger } from "../telemetry/index.ts";
import { withTells, type TellingClients } from "./clients.ts";
import { createLazyBroker } from "./lazy-broker.ts";
import { createTeller } from "./teller.ts";

/** How the clients of a process find instances, call them and tell them. */
export interface TellingClientsOptions extends Omit<ClientsOptions, "policies"> {
  /** What is to happen to calls: it comes before what proto files say, and what the registry says comes before it. */
  readonly policies?: PolicyConfiguration;
  /** NATS with JetStream, for `tell`: `nats://host:4222`. Default: telling is SAMSPEL_INVALID_CONFIGURATION. */
  readonly natsUrl?: string;
  /** Stands before the names of streams and subjects, as `SAMSPEL_TOPIC_PREFIX` of the services. Default: empty. */
  readonly topicPrefix?: string;
  /**
   * Who calls and tells: it is in its tells, and in the registry's record of callers, so that services know whom a
   * change of theirs would break. Default: `client`, which is in no record.
   */
  readonly name?: string;
  /** Its version, for that record. Default: none. */
  readonly version?: string;
}

/**
 * Creates the clients of a process that is no service; nothing connects before the first call or tell. Calls are made
 * and retried as the guide says (docs/guides/calls.md).
 */
export function createTellingClients(options: TellingClientsOptions): TellingClients {
  const { natsUrl, topicPrefix = "", name = "client" } = options;
  const logger = options.logger ?? createLogger({ service: name, level: "silent" });
  const broker = createLazyBroker(
    natsUrl === undefined ? undefined : { url: natsUrl, prefix: topicPrefix, name, logger },
  );
  const notes = notesOf(options, logger);
  const onCall = (method: DescMethod): void => {
    notes?.note(method);
    options.onCall?.(method);
  };
  const policies = policiesOf(options, logger);
  const clients = withTells(
    createClients({ ...options, onCall, policies }),
    createTeller({ source: name, broker: () => broker.connect(), onTell: onCall }),
  );
  const close = async (): Promise<void> => {
    await clients.close();
    policies[Symbol.dispose]();
    await notes?.[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  };
  return { ...clients, close, [Symbol.asyncDispose]: close };
}

function policiesOf({ registry, policies, name }: TellingClientsOptions, logger: Logger): OpenPolicies {
  return openPolicies({ configuration: policies, values: registry.values, service: name, logger });
}

function notesOf(options: TellingClientsOptions, logger: Logger): CallerNotes | undefined {
  const { name: caller, version = "", registry } = options;
  const { descriptors } = registry;
  if (caller === undefined || descriptors === undefined) return undefined;
  return createCallerNotes({ descriptors, caller, version, logger });
}
