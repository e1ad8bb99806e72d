// Runs a gateway until a signal.
import { RegistryError } from "@samspel/registry";
import { SamspelError } from "@samspel/runtime";
import { createLogger, startExport, tuneProcess } from "@samspel/runtime/proxy";
import { GatewayError, readGatewayConfig, startGateway, type GatewayOptions } from "../../gateway/index.ts";
import { listenForEndSignals } from "../end-signals.ts";
import type { GatewayFlags } from "./index.ts";

const defaultPort = 8_080;

/** Resolves with the exit code: 0 after a stop, 1 when it cannot start, 130 when it was cut short. */
export async function runGateway(flags: GatewayFlags): Promise<number> {
  const signals = listenForEndSignals();
  try {
    const file = flags.config === undefined ? {} : await readGatewayConfig(flags.config);
    const options = optionsOf(flags, file);
    const service = options.name ?? "gateway";
    const logger = createLogger({ service });
    await using _export = await startExport({ service, version: undefined, logger });
    tuneProcess();
    await using gateway = await startGateway({ ...options, logger });
    // An agent that is away is waited for: readiness says so meanwhile.
    void gateway.ready.then(() => tell(flags, gateway.url, gateway.adminPort, gateway.openMethods()));
    await signals.first;
    const cut = await Promise.race([gateway.close().then(() => false), signals.second.then(() => true)]);
    return cut ? 130 : 0;
  } catch (error) {
    console.error(explain(error));
    return 1;
  } finally {
    signals.close();
  }
}

/** @throws GatewayError for flags that do not fit together. */
function optionsOf(flags: GatewayFlags, file: GatewayOptions): GatewayOptions {
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) {
    throw new GatewayError("Cannot use TLS as --tls-cert and --tls-key belong together: give both");
  }
  const jwt = defined({
    ...file.jwt,
    ...defined({
      jwksUrl: flags.jwtJwksUrl,
      keyFile: flags.jwtKeyFile,
      issuer: flags.jwtIssuer,
      audience: flags.jwtAudience,
      anonymous: flags.jwtAnonymous,
    }),
  });
  return {
    port: defaultPort,
    ...file,
    ...defined({
      registryUrl: flags.registry,
      host: flags.host,
      port: flags.port,
      adminPort: flags.adminPort,
      name: flags.name,
      identity: flags.identity,
      reflection: flags.reflection,
      trustedProxies: flags.trustedProxies,
      timeoutMs: flags.timeout === undefined ? undefined : flags.timeout * 1_000,
      drainMs: flags.drain === undefined ? undefined : flags.drain * 1_000,
      cors: flags.corsOrigin === undefined ? undefined : { ...file.cors, origins: flags.corsOrigin },
      rateLimits: flags.rate === undefined ? undefined : [{ perSecond: flags.rate }],
      accessLog: flags.accessLog ? undefined : false,
    }),
    ...(Object.keys(jwt).length === 0 ? {} : { jwt }),
    ...(flags.tlsCert === undefined || flags.tlsKey === undefined
      ? {}
      : { tls: { certFile: flags.tlsCert, keyFile: flags.tlsKey } }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function tell(
  { json }: GatewayFlags,
  url: string,
  adminPort: number | undefined,
  open: Readonly<Record<string, readonly string[]>>,
): void {
  if (json) return console.log(JSON.stringify({ event: "ready", url, adminPort, open }));
  const count = Object.values(open).flat().length;
  console.error(
    `The gateway is ready at ${url}: ${count} public methods. ${count === 0 ? "Nothing in the registry is public yet: see (samspel.v1.public)" : `${url}/openapi.json describes them`}`,
  );
}

/** What we throw on purpose says all in its message; anything else is a defect, and its stack helps. */
function explain(error: unknown): string {
  const isMeant =
    error instanceof GatewayError || error instanceof RegistryError || error instanceof SamspelError;
  if (isMeant) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
