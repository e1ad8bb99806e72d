// The service under verification: what is known of it, and ways to ask it. What several checks need is asked once.
import { connect, type NatsConnection } from "nats";
import {
  findTransport,
  openConnection,
  type ClientIdentity,
  type Connection,
  type FoundTransport,
  type Place,
  type Transport,
} from "./grpc/index.ts";
import { learnApi, listServices, type ServedApi } from "./reflection.ts";
import type { Entry, RegistryReader } from "./registry-reader.ts";
import type { VerifyOptions } from "./options.ts";

export interface Subject extends AsyncDisposable {
  readonly options: VerifyOptions;
  readonly registry: RegistryReader;
  /** The instance as the registry has it; undefined with `--url`, and where there is none. */
  readonly entry: Entry | undefined;
  readonly instances: number;
  /** How long one answer may take. */
  readonly waitMs: number;
  /** Where it is. @throws where nobody knows. */
  readonly place: Place;
  /** What its port speaks. */
  transport(): Promise<FoundTransport>;
  /** A connection that checks share; a new one where the last one broke. */
  connection(): Promise<Connection>;
  /** A connection of one check's own. */
  openConnection(): Promise<Connection>;
  /** The names of what it serves, by reflection. */
  listed(): Promise<{ readonly version: "v1" | "v1alpha"; readonly names: readonly string[] }>;
  /** What it serves, by reflection. */
  api(): Promise<ServedApi>;
  /** NATS. @throws where none is given. */
  nats(): Promise<NatsConnection>;
}

export interface SubjectParts {
  readonly options: VerifyOptions;
  readonly registry: RegistryReader;
  readonly entry: Entry | undefined;
  readonly instances: number;
  readonly place: Place | undefined;
}

const defaultWaitMs = 5_000;
const defaultIdentity = "samspel-verify";

export function createSubject({ options, registry, entry, instances, place }: SubjectParts): Subject {
  const waitMs = options.timeoutMs ?? defaultWaitMs;
  const requirePlace = (): Place => {
    if (place === undefined) throw new Error("no address is known");
    return place;
  };
  const transport = once(() =>
    findTransport(requirePlace(), { first: saidTransport(options, entry), waitMs }),
  );
  const identity = once(() => clientIdentity(registry, options.as ?? defaultIdentity));
  const open = async (): Promise<Connection> => {
    const { transport: found, reasons } = await transport();
    if (found === undefined) throw new Error(reasons.join("; "));
    return openConnection(requirePlace(), found, {
      signal: AbortSignal.timeout(waitMs),
      identity: await identityFor(found, identity),
    });
  };
  let shared: Promise<Connection> | undefined;
  const connection = async (): Promise<Connection> => {
    const current = await shared?.catch(() => undefined);
    if (current !== undefined && !current.closed && current.goaway === undefined) return current;
    return (shared = open());
  };
  const nats = once(async () => {
    if (options.natsUrl === undefined) throw new Error("no NATS is given");
    return connect({ servers: options.natsUrl.split(","), timeout: waitMs, name: "samspel join verify" });
  });
  let natsAsked = false;
  return {
    options,
    registry,
    entry,
    instances,
    waitMs,
    get place() {
      return requirePlace();
    },
    transport,
    connection,
    openConnection: open,
    listed: once(async () => {
      const { version, listed } = await listServices(await connection(), waitMs);
      return { version, names: listed };
    }),
    api: once(async () => learnApi(await connection(), waitMs)),
    nats: () => {
      natsAsked = true;
      return nats();
    },
    async [Symbol.asyncDispose]() {
      (await shared?.catch(() => undefined))?.[Symbol.dispose]();
      if (natsAsked)
        await nats().then(
          (connection) => connection.close(),
          () => {},
        );
    },
  };
}

/** A port may speak both, while its callers still have to get an identity. */
function saidTransport({ url }: VerifyOptions, entry: Entry | undefined): Transport["type"] {
  const saysTls =
    entry === undefined ? url?.startsWith("https:") === true : entry.Service.Meta["secure"] === "true";
  return saysTls ? "tls" : "plaintext";
}

/** Plaintext needs none. A registry without certificates is no fault yet: not every TLS port wants one. */
async function identityFor(
  transport: Transport,
  identity: () => Promise<ClientIdentity | undefined>,
): Promise<ClientIdentity | undefined> {
  return transport.type === "tls" ? identity() : undefined;
}

async function clientIdentity(
  registry: RegistryReader,
  service: string,
): Promise<ClientIdentity | undefined> {
  return registry.leaf(service).catch(() => undefined);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
