// What the registry knows of descriptors: the sets (R3), who calls a proto service with which of them, and which ones
// a service has served. So a service that starts can tell whom a change of its proto files would break.
import type { ConsulHttp } from "../consul/index.ts";
import { createUseRecord } from "./record.ts";
import { createDescriptorStore, type DescriptorStore } from "./store.ts";

const dayMs = 24 * 60 * 60 * 1_000;

/** How often a process that runs says again what it uses. */
export const refreshUsesMs: number = dayMs;

/**
 * A caller counts for so long after its last process has ended: a rollback within that time finds it. Callers that
 * run refresh their note each day.
 */
const keepCallersMs = 7 * dayMs;

/** What a service served counts until ten later ones, or for a year. */
const keepServedMs = 365 * dayMs;

/** A service that calls a proto service, in one of its versions. */
export interface CallerOfRecord {
  /** The calling service's name. */
  readonly caller: string;
  /** What it calls its version; may be empty. */
  readonly version: string;
  /** The descriptors of the proto service that it was compiled with, by hash. */
  readonly sha256: string;
  /** The methods that it used, by name. */
  readonly methods: readonly string[];
  readonly seenAt: Date;
}

/** What a service served, in one of its versions. */
export interface ServedOfRecord {
  readonly version: string;
  /** Its descriptors, by hash. */
  readonly sha256: string;
  /** The full names of the proto services. */
  readonly protoServices: readonly string[];
  readonly seenAt: Date;
}

export interface Descriptors extends DescriptorStore {
  /** The services that have called a proto service in the last seven days, by name and by version, the latest first. */
  callersOf(protoService: string): Promise<readonly CallerOfRecord[]>;
  /** Notes that a service calls a proto service, by methods, compiled with descriptors that `publish` gave the hash of. */
  noteCaller(protoService: string, caller: Omit<CallerOfRecord, "seenAt">): Promise<void>;
  /** What a service has served, the latest first. */
  servedBy(service: string): Promise<readonly ServedOfRecord[]>;
  noteServed(service: string, served: Omit<ServedOfRecord, "seenAt">): Promise<void>;
}

export function createDescriptors(http: ConsulHttp, signal: AbortSignal): Descriptors {
  const callers = createUseRecord(http, { names: "methods", keepMs: keepCallersMs, maxVersions: 50 }, signal);
  const served = createUseRecord(
    http,
    { names: "protoServices", keepMs: keepServedMs, maxVersions: 10 },
    signal,
  );
  return {
    ...createDescriptorStore(http, signal),
    async callersOf(protoService) {
      const found = await callers.list(`samspel/callers/${protoService}/`);
      return [...found].flatMap(([caller, uses]) =>
        uses.map(({ names: methods, ...use }) => ({ caller, methods, ...use })),
      );
    },
    noteCaller: (protoService, { caller, methods: names, ...use }) =>
      callers.note(`samspel/callers/${protoService}/${caller}`, { ...use, names, seenAt: new Date() }),
    async servedBy(service) {
      const uses = await served.read(`samspel/served/${service}`);
      return uses.map(({ names: protoServices, ...use }) => ({ protoServices, ...use }));
    },
    noteServed: (service, { protoServices: names, ...use }) =>
      served.note(`samspel/served/${service}`, { ...use, names, seenAt: new Date() }),
  };
}
