// The clients of a process that is no service, such as a script or a gateway: they ask and tell.
import type { DescMethod } from "@bufbuild/protobuf";
import { createCallerNotes, createClients, type CallerNotes, type ClientsOptions } from "../client/index.ts";
import { createLogger, type Logger } from "../telemetry/index.ts";
import { withTells, type TellingClients } from "./clients.ts";
import { createLazyBroker } from "./lazy-broker.ts";
import { createTeller } from "./teller.ts";

/** How the clients of a process find instances, call them and tell them. */
export interface TellingClientsOptions extends ClientsOptions {
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
  const clients = withTells(
    createClients({ ...options, onCall }),
    createTeller({ source: name, broker: () => broker.connect(), onTell: onCall }),
  );
  const close = async (): Promise<void> => {
    await clients.close();
    await notes?.[Symbol.asyncDispose]();
    await broker[Symbol.asyncDispose]();
  };
  return { ...clients, close, [Symbol.asyncDispose]: close };
}

function notesOf(options: TellingClientsOptions, logger: Logger): CallerNotes | undefined {
  const { name: caller, version = "", registry } = options;
  const { descriptors } = registry;
  if (caller === undefined || descriptors === undefined) return undefined;
  return createCallerNotes({ descriptors, caller, version, logger });
}
