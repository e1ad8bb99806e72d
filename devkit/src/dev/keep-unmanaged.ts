// Keeps services in the registry that others start and that do not register themselves, for as long as the run goes.
import { createRegistry } from "@samspel/registry";
import { setTimeout as sleep } from "node:timers/promises";
import type { UnmanagedService } from "../config/index.ts";
import { keepJoined } from "../join/index.ts";
import { problemOf, type Problems } from "./problems.ts";

const againMs = 2000;
const answerWithinMs = 2000;

export interface KeepUnmanagedOptions {
  readonly services: readonly UnmanagedService[];
  readonly registryUrl: string;
  readonly problems: Problems;
  /** The project's folder. */
  readonly dir: string;
}

/** Begins; returns how to end it, which takes them out of the registry. */
export function keepUnmanaged({
  services,
  registryUrl,
  problems,
  dir,
}: KeepUnmanagedOptions): () => Promise<void> {
  const placed = services.flatMap(({ name, place }) => (place === undefined ? [] : [{ name, ...place }]));
  if (placed.length === 0) return async () => {};
  const over = new AbortController();
  const { signal } = over;
  const registry = createRegistry({ url: registryUrl });

  const keep = async ({ name, address, port }: (typeof placed)[number]): Promise<void> => {
    const reporter = { tell: () => problems.clear(name), warn: () => {}, fail: () => {} };
    const asked = { reflection: true, proto: [], services: [], meta: {}, tags: [], secure: false } as const;
    const unknown = {
      check: undefined,
      checkUrl: undefined,
      version: undefined,
      zone: undefined,
      lang: undefined,
    };
    const options = { name, host: address, port, waitMs: answerWithinMs, ...asked, ...unknown };
    while (!signal.aborted) {
      try {
        await keepJoined(registry, options, { reporter, signal });
      } catch (error) {
        if (signal.aborted) return;
        problems.set(problemOf(error, { service: name, kind: "start", dir }));
        await sleep(againMs, undefined, { signal }).catch(() => {});
      }
    }
  };

  const kept = Promise.all(placed.map(keep));
  return async () => {
    over.abort();
    await kept;
    await registry.close();
  };
}
