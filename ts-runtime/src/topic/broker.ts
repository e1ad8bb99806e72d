// The connection to NATS, and what of JetStream the topics stand on.
//
// B1. A start never half-succeeds (A1): no connection or no JetStream is one clear error.
// B2. Once there, the connection comes back for ever; who waits for messages learns that it did, because what waited
//     in the server is gone by then.
import {
  connect,
  Events,
  NatsError,
  type ConnectionOptions,
  type JetStreamManager,
  type NatsConnection,
  type Status,
} from "nats";
import { setTimeout as sleep } from "node:timers/promises";
import { SamspelError } from "../errors/index.ts";
import { redactUrl, type Logger } from "../telemetry/index.ts";

export interface BrokerOptions {
  /** `nats://[user:password@]host:port`, or several of them with commas between. */
  readonly url: string;
  /** Before the name of every stream and subject: letters, digits and `-`. Default: nothing. */
  readonly prefix?: string;
  /** The connection's name, as the server shows it: the service's name. */
  readonly name: string;
  readonly logger: Logger;
}

/** A connection to NATS with JetStream. */
export interface Broker extends AsyncDisposable {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly prefix: string;
  /** The service's name. */
  readonly name: string;
  readonly logger: Logger;
  /** Whether there is a connection now, as far as one knows. */
  readonly isConnected: boolean;
  /** Resolves while there is a connection, or when `signal` aborts. */
  connected(signal: AbortSignal): Promise<void>;
  /** Calls back after each reconnection, until `signal` aborts. */
  onReconnect(wake: () => void, signal: AbortSignal): void;
  /** Sends what is pending, for 2 s at the most, and closes. */
  close(): Promise<void>;
}

const prefixPattern = /^[A-Za-z0-9-]*$/;
const connectTimeoutMs = 5_000;
const closeTimeoutMs = 2_000;

/**
 * Connects to NATS.
 * @throws SAMSPEL_BROKER_UNREACHABLE where there is no server, or one without JetStream.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { url, prefix = "", logger } = options;
  if (!prefixPattern.test(prefix)) {
    throw new SamspelError(
      "SAMSPEL_INVALID_CONFIGURATION",
      `Topic prefix must be of letters, digits and "-": current value is "${prefix}" (set SAMSPEL_TOPIC_PREFIX)`,
    );
  }
  const shown = url
    .split(",")
    .map((server) => redactUrl(server.trim()))
    .join(",");
  const connection = await connect(connectionOptions(options)).catch((error: unknown) => {
    throw new SamspelError(
      "SAMSPEL_BROKER_UNREACHABLE",
      `Cannot connect to NATS at ${shown} (${reasonOf(error)}): start it there, or set NATS_URL to where it is`,
      { cause: error },
    );
  });
  const manager = await connection.jetstreamManager().catch(async (error: unknown) => {
    await connection.close();
    throw new SamspelError(
      "SAMSPEL_BROKER_UNREACHABLE",
      `NATS at ${shown} has no JetStream for us (${reasonOf(error)}): start nats-server with \`-js\`, or set NATS_URL to one that has`,
      { cause: error },
    );
  });

  const wakes = new Set<() => void>();
  let away: PromiseWithResolvers<void> | undefined;
  void watchStatus(connection, (type) => {
    if (type === Events.Disconnect) {
      logger.warn({ url: shown }, "NATS is away; reconnecting");
      away ??= Promise.withResolvers();
    } else if (type === Events.Reconnect) {
      logger.info({ url: shown }, "NATS is back");
      away?.resolve();
      away = undefined;
      for (const wake of wakes) wake();
    }
  });
  const close = async (): Promise<void> => {
    if (!connection.isClosed()) {
      await Promise.race([
        connection.drain().catch(() => {}),
        sleep(closeTimeoutMs, undefined, { ref: false }),
      ]);
      await connection.close();
    }
  };
  return {
    connection,
    manager,
    prefix,
    name: options.name,
    logger,
    get isConnected() {
      return away === undefined && !connection.isClosed();
    },
    async connected(signal) {
      if (away === undefined || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => resolve(), { once: true });
      await Promise.race([away.promise, promise]);
      resolve();
    },
    onReconnect(wake, signal) {
      if (signal.aborted) return;
      wakes.add(wake);
      signal.addEventListener("abort", () => wakes.delete(wake), { once: true });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** nats.js does not read credentials out of URLs. */
function connectionOptions({ url, name }: BrokerOptions): ConnectionOptions {
  const servers = url.split(",").map((server) => server.trim());
  const [first = ""] = servers;
  const { username, password } = URL.canParse(first) ? new URL(first) : { username: "", password: "" };
  const user = decodeURIComponent(username);
  const pass = decodeURIComponent(password);
  return {
    servers: servers.map((server) => server.replace(/\/\/[^@/]*@/, "//")),
    name,
    timeout: connectTimeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: 10_000,
    ...(user === "" ? {} : pass === "" ? { token: user } : { user, pass }),
  };
}

async function watchStatus(
  connection: NatsConnection,
  onStatus: (type: Status["type"]) => void,
): Promise<void> {
  for await (const { type } of connection.status()) onStatus(type);
}

function reasonOf(error: unknown): string {
  if (error instanceof NatsError) {
    return error.chainedError?.message ?? error.api_error?.description ?? (error.message || error.code);
  }
  return error instanceof Error ? error.message : String(error);
}
