// The clients of a process that is no service, such as a script or a gateway: they ask and tell.
import { createClients, type ClientsOptions } from "../client/index.ts";
import { createLogger } from "../telemetry/index.ts";
import { withTells, type TellingClients } from "./clients.ts";
import { createLazyBroker } from "./lazy-broker.ts";
import { createTeller } from "./teller.ts";

/** How the clients of a process find instances, call them and tell them. */
export interface TellingClientsOptions extends ClientsOptions {
  /** NATS with JetStream, for `tell`: `nats://host:4222`. Default: telling is SAMSPEL_INVALID_CONFIGURATION. */
  readonly natsUrl?: string;
  /** Stands before the names of streams and subjects, as `SAMSPEL_TOPIC_PREFIX` of the services. Default: empty. */
  readonly topicPrefix?: string;
  /** Who tells, as its tells say. Default `client`. */
  readonly name?: string;
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
  const clients = withTells(
    createClients(options),
    createTeller({ source: name, broker: () => broker.connect() }),
  );
  const close = async (): Promise<void> => {
    await clients.close();
    await broker[Symbol.asyncDispose]();
  };
  return { ...clients, close, [Symbol.asyncDispose]: close };
}
