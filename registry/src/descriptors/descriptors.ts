// What the registry knows of descriptors: the sets (R3), who calls a proto service with which of them, and which ones
// a service has served. So a service that starts can tell whom a change of its proto files would break.
import type { ConsulHttp } from "../consul/index.ts";
import { createUseRecord, type DescriptorUse } from "./record.ts";
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
export interface CallerOfRecord extends DescriptorUse {
  /** The calling service's name. */
  readonly caller: string;
}

export interface Descriptors extends DescriptorStore {
  /** The services that have called a proto service in the last seven days, by name and by version, the latest first. */
  callersOf(protoService: string): Promise<readonly CallerOfRecord[]>;
  /** Notes that a service calls a proto service, by methods, compiled with descriptors that `publish` gave the hash of. */
  noteCaller(protoService: string, caller: Omit<CallerOfRecord, "seenAt">): Promise<void>;
  /** The descriptors that a service has served, the latest first. */
  servedBy(service: string): Promise<readonly DescriptorUse[]>;
  noteServed(service: string, served: Pick<DescriptorUse, "sha256" | "version">): Promise<void>;
}

export function createDescriptors(http: ConsulHttp, signal: AbortSignal): Descriptors {
  const callers = createUseRecord(http, { keepMs: keepCallersMs, maxVersions: 20 }, signal);
  const served = createUseRecord(http, { keepMs: keepServedMs, maxVersions: 10 }, signal);
  return {
    ...createDescriptorStore(http, signal),
    async callersOf(protoService) {
      const found = await callers.list(`samspel/callers/${protoService}/`);
      return [...found].flatMap(([caller, uses]) => uses.map((use) => ({ caller, ...use })));
    },
    noteCaller: (protoService, { caller, ...use }) =>
      callers.note(`samspel/callers/${protoService}/${caller}`, { ...use, seenAt: new Date() }),
    servedBy: (service) => served.read(`samspel/served/${service}`),
    noteServed: (service, use) =>
      served.note(`samspel/served/${service}`, { ...use, methods: [], seenAt: new Date() }),
  };
}
